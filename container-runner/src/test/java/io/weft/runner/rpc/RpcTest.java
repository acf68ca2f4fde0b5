package io.weft.runner.rpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.Credentials;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RpcTest {
    private static final String APPLICATION = "application_1715_0042";

    private final ApplicationSecret secret = ApplicationSecret.random(APPLICATION);
    private final BlockingQueue<RpcServer.Reply> parked = new LinkedBlockingQueue<>();
    private RpcServer server;

    private RpcServer serve(Configuration conf) throws IOException {
        server = new RpcServer(conf, "127.0.0.1", secret, (message, reply) -> {
            if (message.length == 1) {
                parked.add(reply);
            } else {
                reply.send(message);
            }
        });
        return server;
    }

    private RpcClient client(Credentials credentials) throws IOException {
        return new RpcClient(
                new Configuration(), new InetSocketAddress("127.0.0.1", server.port()), credentials, "someone");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void echoesMessagesOfAnySizeForTheHolderOfTheToken() throws IOException {
        serve(new Configuration());
        try (RpcClient client = client(secret.credentials("someone"))) {
            byte[] large = new byte[1 << 20];
            large[77] = 7;
            assertArrayEquals(
                    "hello".getBytes(StandardCharsets.UTF_8), client.call("hello".getBytes(StandardCharsets.UTF_8)));
            assertArrayEquals(large, client.call(large));
        }
    }

    @Test
    void refusesACallerWithoutTokenAlsoWithoutKerberos() throws IOException {
        serve(new Configuration());
        try (RpcClient client = client(new Credentials())) {
            IOException error = assertThrows(IOException.class, () -> client.call(new byte[] {1, 2}));
            assertTrue(error.getMessage().contains("SIMPLE authentication is not enabled"), error.getMessage());
        }
    }

    @Test
    void refusesATokenSignedWithAnotherSecret() throws IOException {
        serve(new Configuration());
        Credentials forged = ApplicationSecret.random(APPLICATION).credentials("someone");
        try (RpcClient client = client(forged)) {
            assertThrows(IOException.class, () -> client.call(new byte[] {1, 2}));
        }
    }

    @Test
    void refusesATokenOfAnotherApplication() throws IOException {
        serve(new Configuration());
        Credentials other = new ApplicationSecret("application_1715_0043", secret.bytes()).credentials("someone");
        try (RpcClient client = client(other)) {
            assertThrows(IOException.class, () -> client.call(new byte[] {1, 2}));
        }
    }

    @Test
    void worksWhenTheClusterDemandsServiceAuthorization() throws IOException {
        Configuration conf = new Configuration();
        conf.setBoolean("hadoop.security.authorization", true);
        serve(conf);
        try (RpcClient client = client(secret.credentials("someone"))) {
            assertEquals(2, client.call(new byte[] {1, 2}).length);
        }
    }

    @Test
    void answersParkedCallsLaterWhileOthersPass() throws Exception {
        serve(new Configuration());
        try (RpcClient client = client(secret.credentials("someone"))) {
            CompletableFuture<byte[]> late = CompletableFuture.supplyAsync(() -> {
                try {
                    return client.call(new byte[] {9});
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            RpcServer.Reply reply = parked.poll(20, TimeUnit.SECONDS);
            assertEquals(3, client.call(new byte[] {1, 2, 3}).length);
            assertTrue(!late.isDone(), "a parked call came back early");
            reply.send(new byte[] {4, 5});
            assertArrayEquals(new byte[] {4, 5}, late.get(20, TimeUnit.SECONDS));
        }
    }
}
