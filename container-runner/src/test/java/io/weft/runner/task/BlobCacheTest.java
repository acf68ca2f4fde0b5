package io.weft.runner.task;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.input.BlockReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BlobCacheTest {
    private static final int LARGE = BlobCache.LARGEST_IN_MEMORY_BYTES + 10;

    /** Blocks in memory, which counts how often each is asked for. */
    private static final class CountingMaster implements MasterBlocks {
        private final Map<String, byte[]> blocks = new HashMap<>();
        private final AtomicInteger opened = new AtomicInteger();

        @Override
        public InputStream open(String block) throws IOException {
            opened.incrementAndGet();
            byte[] bytes = blocks.get(block);
            if (bytes == null) {
                throw new IOException("no block " + block);
            }
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public BlockReader reader() {
            throw new AssertionError("functions are read whole");
        }
    }

    private final CountingMaster master = new CountingMaster();

    @TempDir
    Path folder;

    private BlobCache cache;

    @BeforeEach
    void start() {
        cache = new BlobCache(master, folder, 100, 3L * LARGE);
    }

    @Test
    void fetchesOnceAndServesFromMemoryOrFile() throws Exception {
        String small = put(40, 1);
        String large = put(LARGE, 2);
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(master.blocks.get(small), read(small));
            assertArrayEquals(master.blocks.get(large), read(large));
        }
        assertEquals(2, master.opened.get());
        assertTrue(Files.exists(folder.resolve(large)));
        assertFalse(Files.exists(folder.resolve(small)));
    }

    @Test
    void dropsTheLeastRecentlyUsed() throws Exception {
        String first = put(40, 1);
        String second = put(40, 2);
        String third = put(40, 3);
        read(first);
        read(second);
        read(first);
        read(third);
        assertEquals(3, master.opened.get());
        read(first);
        assertEquals(3, master.opened.get(), "used since");
        read(second);
        assertEquals(4, master.opened.get(), "had to go");
    }

    @Test
    void keepsOnlySoManyHoweverSmallTheyAre() throws Exception {
        cache = new BlobCache(master, folder, 1L << 30, 1L << 30);
        String first = put(40, 0);
        String second = put(40, 1);
        read(first);
        read(second);
        for (int i = 2; i < BlobCache.MOST_BLOBS; i++) {
            read(put(40, i));
        }
        read(first);
        assertEquals(BlobCache.MOST_BLOBS, master.opened.get());
        read(put(40, BlobCache.MOST_BLOBS));
        read(first);
        assertEquals(BlobCache.MOST_BLOBS + 1, master.opened.get(), "used since");
        read(second);
        assertEquals(BlobCache.MOST_BLOBS + 2, master.opened.get(), "had to go");
    }

    @Test
    void removesTheFilesOfWhatItDrops() throws Exception {
        for (int i = 0; i < 5; i++) {
            read(put(LARGE, i));
        }
        try (var files = Files.list(folder)) {
            assertEquals(3, files.count());
        }
    }

    @Test
    void refusesBytesThatAreNotWhatTheNameSays() throws Exception {
        String hash = put(40, 1);
        master.blocks.put(hash, new byte[40]);
        IOException e = assertThrows(IOException.class, () -> read(hash));
        assertTrue(e.getMessage().contains(hash), e.getMessage());
        assertThrows(IOException.class, () -> read("../../etc/passwd"));
    }

    @Test
    void fetchesAgainAfterAFailure() throws Exception {
        String hash = put(40, 1);
        byte[] bytes = master.blocks.remove(hash);
        assertThrows(IOException.class, () -> read(hash));
        master.blocks.put(hash, bytes);
        assertArrayEquals(bytes, read(hash));
    }

    @Test
    void fetchesOnceForAllWhoWaitForIt() throws Exception {
        String hash = put(LARGE, 9);
        var threads = Executors.newFixedThreadPool(4);
        try {
            CyclicBarrier together = new CyclicBarrier(4);
            Callable<Integer> reading = () -> {
                together.await();
                return read(hash).length;
            };
            for (var length : threads.invokeAll(List.of(reading, reading, reading, reading))) {
                assertEquals(LARGE, length.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(1, master.opened.get());
    }

    private byte[] read(String hash) throws IOException {
        try (InputStream in = cache.open(hash)) {
            return in.readAllBytes();
        }
    }

    private String put(int length, int seed) throws Exception {
        byte[] bytes = new byte[length];
        ByteBuffer.wrap(bytes).putInt(seed);
        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        master.blocks.put(hash, bytes);
        return hash;
    }
}
