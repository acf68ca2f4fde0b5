package io.weft.runner.task;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.input.BlockReader;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.shuffle.BlockClient;
import io.weft.runner.shuffle.BlockServer;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.shuffle.MapOutputFiles;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BroadcastFilesTest {
    private static final byte[] SECRET = new byte[32];
    private static final String BLOCK = "broadcast-3";
    private static final int LENGTH = (int) (5 * BroadcastReader.PIECE_BYTES + 12_345);

    @TempDir
    Path folder;

    private final byte[] content = new byte[LENGTH];
    private final AtomicLong sentByMaster = new AtomicLong();
    private final BlockClient client = new BlockClient(SECRET, 2_000, 10_000);
    private final List<Node> nodes = new ArrayList<>();

    /** How long a runner that gives nothing is waited for: for ever, that is, but where one stands still. */
    private int patienceMillis = 60_000;

    private BlockStore masterStore;
    private BlockServer masterServer;

    /** Counts what is asked of the ApplicationMaster's real block server. */
    private final class CountingMaster implements MasterBlocks {
        @Override
        public InputStream open(String block) throws IOException {
            throw new IOException("broadcasts are read in pieces");
        }

        @Override
        public BlockReader reader() {
            BlockReader real = client.reader("127.0.0.1", masterServer.port());
            return (block, offset, length) -> {
                sentByMaster.addAndGet(length);
                return real.open(block, offset, length);
            };
        }
    }

    /** A runner of its own, which the test answers in place of the ApplicationMaster. */
    private final class Node implements Closeable {
        private final BlockStore served;
        private final BlockServer server;
        private final BroadcastFiles files;
        private final AtomicLong questions = new AtomicLong();
        private volatile RunnerCommand.BroadcastFrom source = new RunnerCommand.BroadcastFrom(3, LENGTH, "", 0);

        Node(Path own) throws IOException {
            served = new BlockStore(own.resolve("results"), 0);
            server = BlockServer.start("127.0.0.1", SECRET, new MapOutputFiles(List.of()), served);
            BroadcastReader reader = new BroadcastReader(new CountingMaster(), client::reader, patienceMillis);
            files = new BroadcastFiles(new CountingMaster(), reader, served, own.resolve("broadcasts"), this::asked);
            nodes.add(this);
        }

        private void asked(int broadcast) {
            questions.incrementAndGet();
            files.answer(source);
        }

        void readsFrom(Node other) {
            source = new RunnerCommand.BroadcastFrom(3, LENGTH, "127.0.0.1", other.server.port());
        }

        byte[] bytes() throws IOException {
            return Files.readAllBytes(files.path(3));
        }

        @Override
        public void close() throws IOException {
            server.close();
            served.close();
        }
    }

    @BeforeEach
    void serveTheOriginal() throws IOException {
        new Random(1).nextBytes(content);
        Path original = Files.write(folder.resolve("original"), content);
        masterStore = new BlockStore(folder.resolve("blocks"), 0);
        masterStore.link(BLOCK, original);
        masterServer = BlockServer.start("127.0.0.1", SECRET, new MapOutputFiles(List.of()), masterStore);
    }

    @AfterEach
    void close() throws IOException {
        for (Node node : nodes) {
            node.close();
        }
        client.close();
        masterServer.close();
        masterStore.close();
    }

    @Test
    void sevenNodesThatBeginTogetherTakeTwoCopiesOfTheMaster() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<byte[]>> read = new ArrayList<>();
            for (int number = 0; number < 7; number++) {
                Node node = new Node(folder.resolve("node" + number));
                if (number >= 2) {
                    node.readsFrom(nodes.get((number - 2) / 2));
                }
            }
            for (int number = 6; number >= 0; number--) {
                Node node = nodes.get(number);
                read.add(threads.submit(node::bytes));
            }
            for (Future<byte[]> one : read) {
                assertArrayEquals(content, one.get(60, TimeUnit.SECONDS));
            }
            assertEquals(2L * LENGTH, sentByMaster.get());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void manyWorkersAndTwoRunnersOfANodeFetchOnce() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Node> runners = List.of(new Node(folder.resolve("shared")), new Node(folder.resolve("shared")));
            List<Future<byte[]>> read = new ArrayList<>();
            for (int worker = 0; worker < 8; worker++) {
                Node runner = runners.get(worker % 2);
                read.add(threads.submit(runner::bytes));
            }
            for (Future<byte[]> one : read) {
                assertArrayEquals(content, one.get(60, TimeUnit.SECONDS));
            }
            assertEquals(LENGTH, sentByMaster.get());
            assertEquals(
                    1, runners.get(0).questions.get() + runners.get(1).questions.get());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aRunnerThatIsGoneOrStandsStillIsLeftForTheMaster() throws Exception {
        Node gone = new Node(folder.resolve("gone"));
        gone.server.close();
        Node reader = new Node(folder.resolve("a"));
        reader.readsFrom(gone);
        assertArrayEquals(content, reader.bytes());

        patienceMillis = 3_000;
        Node still = new Node(folder.resolve("still"));
        Path half = Files.write(folder.resolve("half"), content);
        still.served.link(BLOCK, half, 2 * BroadcastReader.PIECE_BYTES);
        Node other = new Node(folder.resolve("b"));
        other.readsFrom(still);
        sentByMaster.set(0);
        assertArrayEquals(content, other.bytes());
        assertEquals(LENGTH - 2 * BroadcastReader.PIECE_BYTES, sentByMaster.get(), "what it had was read from it");
    }

    @Test
    void whatAKilledRunnerHasLeftIsGoneOnWith() throws Exception {
        Node node = new Node(folder.resolve("a"));
        Path part = Files.createDirectories(folder.resolve("a/broadcasts")).resolve(BLOCK + ".part");
        Files.write(part, java.util.Arrays.copyOf(content, 1_000_000));
        assertArrayEquals(content, node.bytes());
        assertEquals(LENGTH - 1_000_000, sentByMaster.get());
        assertFalse(Files.exists(part));
    }

    @Test
    void aDroppedBroadcastLeavesNoFileAndIsFetchedAgainWhenNeeded() throws Exception {
        Node node = new Node(folder.resolve("a"));
        Path path = node.files.path(3);
        assertTrue(node.served.contains(BLOCK));
        node.files.drop(3);
        assertFalse(Files.exists(path));
        assertFalse(node.served.contains(BLOCK));
        assertArrayEquals(content, node.bytes());
        assertEquals(2L * LENGTH, sentByMaster.get());
    }

    @Test
    void aFileThatAnotherRunnerHasRemovedIsFetchedAgain() throws Exception {
        Node node = new Node(folder.resolve("a"));
        Files.delete(node.files.path(3));
        assertArrayEquals(content, node.bytes());
    }

    @Test
    void aDestroyedBroadcastIsSaidToBeGone() throws Exception {
        Node node = new Node(folder.resolve("a"));
        node.source = new RunnerCommand.BroadcastFrom(3, -1, "", 0);
        assertThrows(BroadcastGoneException.class, () -> node.files.path(3));
        node.source = new RunnerCommand.BroadcastFrom(3, LENGTH, "", 0);
        masterStore.release(BLOCK);
        BroadcastGoneException gone = assertThrows(BroadcastGoneException.class, () -> node.files.path(3));
        assertTrue(gone.getMessage().startsWith("Broadcast 3 was destroyed"), gone.getMessage());
    }
}
