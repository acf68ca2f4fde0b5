package io.weft.master.backend.yarn;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.DataOutputBuffer;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.security.Credentials;
import org.apache.hadoop.security.token.Token;
import org.apache.hadoop.security.token.TokenIdentifier;
import org.apache.hadoop.yarn.api.records.Container;
import org.apache.hadoop.yarn.api.records.ContainerLaunchContext;
import org.apache.hadoop.yarn.api.records.LocalResource;
import org.apache.hadoop.yarn.client.api.NMClient;
import org.apache.hadoop.yarn.exceptions.YarnException;

/** Starts containers on their NodeManagers, a few at a time, with mapreduce_shuffle where the node has it. */
final class ContainerLauncher implements AutoCloseable {
    private static final int AT_ONCE = 8;
    private static final String SHUFFLE = "mapreduce_shuffle";

    private final NMClient nodes;
    private final Map<String, LocalResource> resources;
    private final Credentials credentials;
    /** The key that mapreduce_shuffle is given; empty when it is not to serve. */
    private final Optional<byte[]> shuffleSecret;

    private final ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE, task -> {
        Thread thread = new Thread(task, "weft-launch");
        thread.setDaemon(true);
        return thread;
    });

    ContainerLauncher(
            Configuration conf,
            Map<String, LocalResource> resources,
            Credentials credentials,
            Optional<byte[]> shuffleSecret) {
        this.resources = Map.copyOf(resources);
        this.credentials = credentials;
        this.shuffleSecret = shuffleSecret.map(byte[]::clone);
        nodes = NMClient.createNMClient();
        nodes.cleanupRunningContainersOnStop(false);
        nodes.init(conf);
        nodes.start();
    }

    /** Starts {@code command} in the container; {@code failed} hears of a start that did not succeed. */
    void launch(Container container, String command, BiConsumer<Container, Exception> failed) {
        threads.execute(() -> {
            try {
                start(container, command);
            } catch (YarnException | IOException | RuntimeException e) {
                failed.accept(container, e);
            }
        });
    }

    private void start(Container container, String command) throws YarnException, IOException {
        if (shuffleSecret.isEmpty()) {
            nodes.startContainer(container, context(command, Map.of()));
            return;
        }
        try {
            nodes.startContainer(container, context(command, Map.of(SHUFFLE, shuffleToken(shuffleSecret.get()))));
        } catch (YarnException e) {
            if (e.getMessage() == null || !e.getMessage().contains(SHUFFLE)) {
                throw e;
            }
            nodes.startContainer(container, context(command, Map.of()));
        }
    }

    private ContainerLaunchContext context(String command, Map<String, ByteBuffer> services) throws IOException {
        DataOutputBuffer tokens = new DataOutputBuffer();
        credentials.writeTokenStorageToStream(tokens);
        return ContainerLaunchContext.newInstance(
                resources,
                Map.of(),
                List.of(command),
                services,
                ByteBuffer.wrap(tokens.getData(), 0, tokens.getLength()),
                Map.of());
    }

    /** What the service takes as the application's key: a token whose password it is. */
    private static ByteBuffer shuffleToken(byte[] secret) throws IOException {
        Token<TokenIdentifier> token = new Token<>(new byte[0], secret, new Text("weft.shuffle"), new Text(""));
        DataOutputBuffer buffer = new DataOutputBuffer();
        token.write(buffer);
        return ByteBuffer.wrap(buffer.getData(), 0, buffer.getLength());
    }

    @Override
    public void close() {
        threads.shutdownNow();
        nodes.stop();
    }
}
