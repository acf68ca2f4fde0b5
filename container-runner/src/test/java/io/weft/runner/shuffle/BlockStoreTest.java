package io.weft.runner.shuffle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockStoreTest {
    @TempDir
    Path folder;

    @Test
    void keepsBlocksInMemoryAsFarAsItReachesAndInFilesBeyond() throws IOException {
        try (BlockStore store = new BlockStore(folder.resolve("blocks"), 100_000)) {
            byte[] small = TestingMapOutputs.bytes(1, 20_000);
            byte[] large = TestingMapOutputs.bytes(2, 3_000_000);
            store.put("small", small);
            assertEquals(0, files());
            store.put("large", large);
            assertEquals(1, files());
            assertArrayEquals(small, read(store, "small", 0, small.length));
            assertArrayEquals(large, read(store, "large", 0, large.length));
            assertArrayEquals(Arrays.copyOfRange(small, 9_000, 19_000), read(store, "small", 9_000, 10_000));
            assertArrayEquals(Arrays.copyOfRange(large, 9_000, 2_019_000), read(store, "large", 9_000, 2_010_000));
        }
        assertFalse(Files.exists(folder.resolve("blocks")));
    }

    @Test
    void givesMemoryBackWhenABlockIsReleased() throws IOException {
        try (BlockStore store = new BlockStore(folder.resolve("blocks"), 100_000)) {
            for (int round = 0; round < 50; round++) {
                store.put("block", new byte[40_000]);
                store.release("block");
                store.create("dropped").close();
            }
            store.put("block", new byte[40_000]);
            assertEquals(0, files());
        }
    }

    @Test
    void showsNothingOfABlockThatIsNotCommitted() throws IOException {
        try (BlockStore store = new BlockStore(folder.resolve("blocks"), 10_000)) {
            try (BlockStore.Writer writer = store.create("block")) {
                writer.write(ByteBuffer.wrap(new byte[30_000]));
                assertEquals(30_000, writer.bytes());
                assertEquals(30_000, writer.toByteArray().length);
                assertFalse(store.contains("block"));
                assertEquals(1, files());
            }
            assertEquals(-1, store.length("block"));
            assertEquals(0, files());
        }
    }

    @Test
    void aReleasedBlockCanBeReadToItsEnd() throws IOException {
        try (BlockStore store = new BlockStore(folder.resolve("blocks"), 0)) {
            byte[] content = TestingMapOutputs.bytes(1, 50_000);
            store.put("block", content);
            try (InputStream stream = store.open("block", 0, content.length)) {
                store.release("block");
                assertArrayEquals(content, stream.readAllBytes());
            }
            assertThrows(NoSuchFileException.class, () -> store.open("block", 0, 1));
        }
    }

    @Test
    void refusesRangesBeyondTheEnd() throws IOException {
        try (BlockStore store = new BlockStore(folder.resolve("blocks"), 10_000)) {
            store.put("block", new byte[10]);
            assertThrows(EOFException.class, () -> store.open("block", 5, 6));
            assertEquals(0, read(store, "block", 10, 0).length);
        }
    }

    @Test
    void leavesLinkedFilesToTheirOwner() throws IOException {
        Path file = Files.writeString(folder.resolve("dep.zip"), "content");
        try (BlockStore store = new BlockStore(folder.resolve("blocks"), 0)) {
            store.link("file", file);
            assertEquals("content", new String(read(store, "file", 0, 7)));
        }
        assertTrue(Files.exists(file));
    }

    private static byte[] read(BlockStore store, String id, long offset, long length) throws IOException {
        try (InputStream stream = store.open(id, offset, length)) {
            return stream.readAllBytes();
        }
    }

    private long files() throws IOException {
        if (!Files.exists(folder.resolve("blocks"))) {
            return 0;
        }
        try (Stream<Path> files = Files.list(folder.resolve("blocks"))) {
            return files.count();
        }
    }
}
