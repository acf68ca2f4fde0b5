package io.weft.runner.shuffle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.input.DataInput;
import io.weft.runner.input.InputSource;
import io.weft.runner.protocol.InputSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BlockServerTest {
    private static final String HOST = "127.0.0.1";
    private static final byte[] SECRET = "the application's secret".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private MapOutputFiles files;
    private BlockStore blocks;
    private BlockServer server;
    private BlockClient client;

    @BeforeEach
    void startServer() throws IOException {
        files = new MapOutputFiles(List.of(folder.resolve("output")));
        blocks = new BlockStore(folder.resolve("blocks"), 1 << 20);
        server = BlockServer.start(HOST, SECRET, files, blocks);
        client = new BlockClient(SECRET, 2_000, 5_000);
    }

    @AfterEach
    void stopServer() {
        client.close();
        server.close();
    }

    @Test
    void servesRangesOfPartitions() throws IOException {
        List<byte[]> partitions = List.of(
                TestingMapOutputs.bytes(0, 100),
                new byte[0],
                TestingMapOutputs.bytes(2, 5_000_000),
                TestingMapOutputs.bytes(3, 7));
        TestingMapOutputs.publish(files, 0, partitions, HOST, server.port());
        for (int from = 0; from <= 4; from++) {
            for (int to = from; to <= 4; to++) {
                ByteArrayOutputStream expected = new ByteArrayOutputStream();
                for (byte[] partition : partitions.subList(from, to)) {
                    expected.write(partition);
                }
                try (BlockClient.Body body = fetch(0, from, to)) {
                    assertEquals(expected.size(), body.length());
                    assertArrayEquals(expected.toByteArray(), body.readAllBytes());
                }
            }
        }
        assertEquals(1, server.connectionCount());
    }

    @Test
    void servesBlocksOfMemoryAndFilesWholeAndInRanges() throws IOException {
        for (int size : new int[] {0, 1000, 3_000_000}) {
            byte[] content = TestingMapOutputs.bytes(size, size);
            blocks.put("block", content);
            try (InputStream body = client.fetchBlock(HOST, server.port(), "block")) {
                assertArrayEquals(content, body.readAllBytes());
            }
            try (InputStream body = client.fetchRange(HOST, server.port(), "block", size / 3, size / 2)) {
                assertArrayEquals(Arrays.copyOfRange(content, size / 3, size / 2), body.readAllBytes());
            }
        }
    }

    @Test
    void saysWhatItDoesNotHave() throws IOException {
        TestingMapOutputs.publish(files, 0, List.of(new byte[3]), HOST, server.port());
        assertTrue(
                assertThrows(BlockRefusedException.class, () -> fetch(1, 0, 1)).notFound());
        BlockRefusedException beyond = assertThrows(BlockRefusedException.class, () -> fetch(0, 0, 2));
        assertFalse(beyond.notFound());
        assertTrue(beyond.getMessage().contains("partitions 0 to 2 were asked of 1"), beyond.getMessage());
        assertEquals(1, server.connectionCount());
    }

    @Test
    void refusesAClientWithoutTheSecretAndIsRefusedByAnotherServersClient() throws IOException {
        try (BlockClient stranger = new BlockClient("another".getBytes(StandardCharsets.UTF_8), 2_000, 5_000)) {
            IOException failure =
                    assertThrows(IOException.class, () -> stranger.fetchBlock(HOST, server.port(), "block"));
            assertTrue(failure.getMessage().contains("refused this application's secret"), failure.getMessage());
        }
    }

    @Test
    void givesNothingToAConnectionThatProvesNothing() throws IOException {
        blocks.put("block", new byte[10]);
        try (Socket socket = new Socket(HOST, server.port())) {
            socket.getOutputStream().write(new byte[48]);
            socket.getOutputStream()
                    .write(BlockWire.request(BlockWire.OP_BLOCK, "block", 0, 0, 0, 0)
                            .array());
            assertEquals(32, socket.getInputStream().readNBytes(33).length);
        } catch (java.net.SocketException e) {
            assertEquals("Connection reset", e.getMessage());
        }
    }

    @Test
    void closesConnectionsOnWhichNothingMoves() throws Exception {
        server.close();
        server = BlockServer.start(HOST, new BlockConnection.Content(SECRET, files, blocks), 200);
        blocks.put("large", new byte[40_000_000]);
        try (Socket silent = new Socket(HOST, server.port());
                BlockClient.Body stuck = client.fetchBlock(HOST, server.port(), "large")) {
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (server.connectionCount() > 0 && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertEquals(0, server.connectionCount());
            assertEquals(32, silent.getInputStream().readNBytes(33).length);
            assertThrows(IOException.class, stuck::readAllBytes);
        }
    }

    @Test
    void replacesAKeptConnectionThatTheServerClosed() throws Exception {
        server.close();
        server = BlockServer.start(HOST, new BlockConnection.Content(SECRET, files, blocks), 100);
        blocks.put("block", new byte[10]);
        for (int round = 0; round < 3; round++) {
            try (InputStream body = client.fetchBlock(HOST, server.port(), "block")) {
                assertEquals(10, body.readAllBytes().length);
            }
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (server.connectionCount() > 0 && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertEquals(0, server.connectionCount());
        }
    }

    @Test
    void servesManyClientsAtOnce() throws Exception {
        byte[] content = TestingMapOutputs.bytes(9, 300_000);
        blocks.put("block", content);
        ExecutorService pool = Executors.newFixedThreadPool(60);
        try {
            List<Callable<Boolean>> calls = new ArrayList<>();
            for (int call = 0; call < 600; call++) {
                calls.add(() -> {
                    try (InputStream body = client.fetchBlock(HOST, server.port(), "block")) {
                        return Arrays.equals(content, body.readAllBytes());
                    }
                });
            }
            for (Future<Boolean> result : pool.invokeAll(calls)) {
                assertTrue(result.get());
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void feedsADataInput() throws IOException {
        byte[] content = TestingMapOutputs.bytes(4, 2_500_000);
        blocks.put("data", content);
        InputSpec.Data spec = new InputSpec.Data("data", 100, 2_400_000);
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (DataInput input = DataInput.open(spec, client.reader(HOST, server.port()))) {
            for (Optional<InputSource.Item> item = input.next(); item.isPresent(); item = input.next()) {
                byte[] piece = new byte[(int) item.get().bytes()];
                ((InputSource.Bytes) item.get()).buffer().get(piece);
                read.write(piece);
            }
        }
        assertArrayEquals(Arrays.copyOfRange(content, 100, 2_400_100), read.toByteArray());
    }

    private BlockClient.Body fetch(int map, int from, int to) throws IOException {
        return client.fetchMapOutput(
                HOST, server.port(), TestingMapOutputs.id(map).folder(), from, to);
    }
}
