package io.weft.master.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.container.MasterLink;
import io.weft.runner.protocol.Link;
import io.weft.runner.protocol.MessageCodec;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.rpc.ApplicationSecret;
import io.weft.runner.rpc.RpcClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RunnerEndpointTest {
    private final ApplicationSecret secret = ApplicationSecret.random("application_1_2");
    private final BlockingQueue<RunnerEvent> events = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> registered = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> silent = new LinkedBlockingQueue<>();
    private final BlockingQueue<RunnerCommand> commands = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> lost = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    private RunnerEndpoint endpoint(long silenceMillis) throws IOException {
        RunnerEndpoint endpoint = new RunnerEndpoint(
                new Configuration(), "127.0.0.1", secret, silenceMillis, new RunnerEndpoint.Listener() {
                    @Override
                    public void registered(Link.Register runner) {
                        registered.add(runner.runner());
                    }

                    @Override
                    public void happened(String runner, RunnerEvent event) {
                        events.add(event);
                    }

                    @Override
                    public void silent(String runner, long millis) {
                        silent.add(runner);
                    }
                });
        open.add(endpoint);
        return endpoint;
    }

    private RpcClient client(RunnerEndpoint endpoint) throws IOException {
        return new RpcClient(
                new Configuration(),
                new InetSocketAddress("127.0.0.1", endpoint.port()),
                secret.credentials("someone"),
                "someone");
    }

    private MasterLink link(RunnerEndpoint endpoint, long giveUpMillis) throws IOException {
        MasterLink link = new MasterLink(client(endpoint), "r1", commands::add, lost::add, giveUpMillis);
        open.add(0, link);
        link.start(new Link.Register("r1", "node1", 4711, 2, 1, 0));
        return link;
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable closeable : open) {
            closeable.close();
        }
    }

    @Test
    void carriesCommandsAndEventsInOrderBothWays() throws Exception {
        RunnerEndpoint endpoint = endpoint(30_000);
        MasterLink link = link(endpoint, 30_000);
        assertEquals("r1", registered.poll(10, TimeUnit.SECONDS));
        for (int i = 0; i < 2_000; i++) {
            endpoint.send("r1", new RunnerCommand.DropShuffle(i));
            link.send(new RunnerEvent.CommitWanted(new TaskAttemptId(1, i, 0)));
        }
        for (int i = 0; i < 2_000; i++) {
            assertEquals(new RunnerCommand.DropShuffle(i), commands.poll(10, TimeUnit.SECONDS));
            assertEquals(new RunnerEvent.CommitWanted(new TaskAttemptId(1, i, 0)), events.poll(10, TimeUnit.SECONDS));
        }
        assertTrue(link.flush(10_000));
    }

    @Test
    void takesARepeatedReportOnce() throws Exception {
        RunnerEndpoint endpoint = endpoint(30_000);
        MessageCodec codec = new MessageCodec();
        try (RpcClient client = client(endpoint)) {
            client.call(codec.encode(new Link.Register("r1", "node1", 1, 1, 0, 0)));
            byte[] event = codec.encode(new RunnerEvent.CommitWanted(new TaskAttemptId(1, 2, 3)));
            byte[] report = codec.encode(new Link.Report("r1", 0, List.of(event)));
            client.call(report);
            Link.Ack ack = codec.decode(client.call(report), Link.Ack.class);
            assertEquals(1, ack.next());
            assertEquals(1, events.size());
        }
    }

    @Test
    void givesCommandsAgainWhenTheAnswerWasLost() throws Exception {
        RunnerEndpoint endpoint = endpoint(30_000);
        MessageCodec codec = new MessageCodec();
        try (RpcClient client = client(endpoint)) {
            client.call(codec.encode(new Link.Register("r1", "node1", 1, 1, 0, 0)));
            endpoint.send("r1", new RunnerCommand.DropShuffle(7));
            byte[] poll = codec.encode(new Link.Poll("r1", 0));
            Link.Commands once = codec.decode(client.call(poll), Link.Commands.class);
            Link.Commands again = codec.decode(client.call(poll), Link.Commands.class);
            assertEquals(0, once.first());
            assertEquals(once.commands().size(), again.commands().size());
        }
    }

    @Test
    void tellsWhenARunnerFallsSilent() throws Exception {
        RunnerEndpoint endpoint = endpoint(1_000);
        try (RpcClient client = client(endpoint)) {
            client.call(new MessageCodec().encode(new Link.Register("r1", "node1", 1, 1, 0, 0)));
            assertEquals("r1", silent.poll(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void refusesARunnerThatWasForgotten() throws Exception {
        RunnerEndpoint endpoint = endpoint(30_000);
        MessageCodec codec = new MessageCodec();
        try (RpcClient client = client(endpoint)) {
            client.call(codec.encode(new Link.Register("r1", "node1", 1, 1, 0, 0)));
            endpoint.forget("r1");
            ProtocolException error =
                    assertThrows(ProtocolException.class, () -> client.call(codec.encode(new Link.Poll("r1", 0))));
            assertTrue(error.getMessage().contains("r1 is not registered"), error.getMessage());
        }
    }

    @Test
    void tellsTheContainerWhenTheApplicationMasterIsGone() throws Exception {
        RunnerEndpoint endpoint = endpoint(30_000);
        link(endpoint, 500);
        endpoint.close();
        assertTrue(lost.poll(60, TimeUnit.SECONDS).contains("has not answered"));
    }

    @Test
    void tellsTheContainerAtOnceWhenItWasLetGo() throws Exception {
        RunnerEndpoint endpoint = endpoint(30_000);
        link(endpoint, 600_000);
        endpoint.forget("r1");
        assertTrue(lost.poll(60, TimeUnit.SECONDS).contains("let this runner go"));
    }
}
