package io.weft.runner.shuffle;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Blocks by id: results, blobs, uploaded data, files. They stay in memory as far as {@code memoryBytes} reach for all together, else they
 * go to files under {@code folder}. A block does not change once it is there. Thread-safe.
 */
public final class BlockStore implements Closeable {
    /** A block of memory chunks (all full but the last), or of a file. */
    private record Block(List<byte[]> chunks, Path file, boolean owned, long length) {}

    private static final int FIRST_CHUNK_BYTES = 8 << 10;
    private static final int MAX_CHUNK_BYTES = 1 << 20;

    private final Path folder;
    private final long memoryBytes;
    private final Map<String, Block> blocks = new ConcurrentHashMap<>();
    /** Bytes of chunks of all blocks and of all writers. */
    private final AtomicLong usedBytes = new AtomicLong();

    private final AtomicLong filesMade = new AtomicLong();

    /** {@code folder} is made when the first file is. */
    public BlockStore(Path folder, long memoryBytes) {
        this.folder = Objects.requireNonNull(folder, "folder is null").toAbsolutePath();
        this.memoryBytes = memoryBytes;
    }

    /** A block in the making, by one thread; invisible until {@link #commit}. {@link #close} drops what was not committed. */
    public final class Writer implements Closeable {
        private final String id;
        private List<byte[]> chunks = new ArrayList<>();
        /** Bytes used in the last chunk. */
        private int lastUsed;

        private Path file;
        private FileChannel channel;
        private long length;
        private boolean done;

        private Writer(String id) {
            this.id = Objects.requireNonNull(id, "id is null");
        }

        /** Appends the buffer's remaining bytes. */
        public void write(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                if (channel == null && !hasRoom()) {
                    moveToFile();
                }
                if (channel != null) {
                    length += channel.write(bytes);
                } else {
                    byte[] chunk = chunks.get(chunks.size() - 1);
                    int count = Math.min(bytes.remaining(), chunk.length - lastUsed);
                    bytes.get(chunk, lastUsed, count);
                    lastUsed += count;
                    length += count;
                }
            }
        }

        public long bytes() {
            return length;
        }

        /** All bytes written so far, for results small enough to travel inline. */
        public byte[] toByteArray() throws IOException {
            byte[] all = new byte[Math.toIntExact(length)];
            try (InputStream stream = openBlock(snapshot(), 0, length)) {
                stream.readNBytes(all, 0, all.length);
            }
            return all;
        }

        /** Makes the block visible; one of that id is replaced. */
        public void commit() throws IOException {
            if (channel != null) {
                channel.close();
            } else if (!chunks.isEmpty()) {
                trimLastChunk();
            }
            done = true;
            Block before = blocks.put(id, snapshot());
            if (before != null) {
                discard(before);
            }
        }

        @Override
        public void close() throws IOException {
            if (done) {
                return;
            }
            done = true;
            if (channel != null) {
                channel.close();
            }
            discard(snapshot());
        }

        private Block snapshot() {
            return new Block(List.copyOf(chunks), file, true, length);
        }

        /** Makes sure that the last chunk has room, unless memory is used up. */
        private boolean hasRoom() {
            if (!chunks.isEmpty() && lastUsed < chunks.get(chunks.size() - 1).length) {
                return true;
            }
            int size = chunks.isEmpty()
                    ? FIRST_CHUNK_BYTES
                    : Math.min(MAX_CHUNK_BYTES, chunks.get(chunks.size() - 1).length * 2);
            if (usedBytes.addAndGet(size) > memoryBytes) {
                usedBytes.addAndGet(-size);
                return false;
            }
            chunks.add(new byte[size]);
            lastUsed = 0;
            return true;
        }

        private void trimLastChunk() {
            byte[] last = chunks.get(chunks.size() - 1);
            usedBytes.addAndGet(lastUsed - last.length);
            chunks.set(chunks.size() - 1, java.util.Arrays.copyOf(last, lastUsed));
        }

        private void moveToFile() throws IOException {
            Files.createDirectories(folder);
            file = folder.resolve("block-" + filesMade.incrementAndGet());
            channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            long left = length;
            for (byte[] chunk : chunks) {
                ByteBuffer buffer = ByteBuffer.wrap(chunk, 0, (int) Math.min(chunk.length, left));
                left -= buffer.remaining();
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                usedBytes.addAndGet(-chunk.length);
            }
            chunks = new ArrayList<>();
        }
    }

    public Writer create(String id) {
        return new Writer(id);
    }

    public void put(String id, byte[] bytes) throws IOException {
        try (Writer writer = create(id)) {
            writer.write(ByteBuffer.wrap(bytes));
            writer.commit();
        }
    }

    /** Serves a file that stays its owner's: releasing the block does not delete it. It must not change meanwhile. */
    public void link(String id, Path file) throws IOException {
        link(id, file, Files.size(file));
    }

    /** As {@link #link(String, Path)}, of the file's first {@code length} bytes; later ones may still be written. */
    public void link(String id, Path file, long length) {
        Block before = blocks.put(id, new Block(List.of(), file.toAbsolutePath(), false, length));
        if (before != null) {
            discard(before);
        }
    }

    /** The file that holds a block as it is; empty when there is no such block, or it is in memory. */
    public Optional<Path> file(String id) {
        return Optional.ofNullable(blocks.get(id)).map(Block::file);
    }

    public boolean contains(String id) {
        return blocks.containsKey(id);
    }

    /** Length in bytes, or -1 when there is no such block. */
    public long length(String id) {
        Block block = blocks.get(id);
        return block == null ? -1 : block.length();
    }

    /**
     * Reads {@code length} bytes from {@code offset}; a block released meanwhile can still be read to its end.
     *
     * @throws NoSuchFileException when there is no such block
     * @throws EOFException when the block has fewer bytes
     */
    public InputStream open(String id, long offset, long length) throws IOException {
        Block block = blocks.get(id);
        if (block == null) {
            throw new NoSuchFileException("block " + id);
        }
        if (offset < 0 || length < 0 || offset > block.length() - length) {
            throw new EOFException("block " + id + " has " + block.length() + " bytes, asked were " + offset + " to "
                    + (offset + length));
        }
        return openBlock(block, offset, length);
    }

    /** As {@link #open}, for sending; empty when there is no such block. */
    Optional<Region> region(String id, long from, long to) throws IOException {
        Block block = blocks.get(id);
        if (block == null) {
            return Optional.empty();
        }
        if (from < 0 || to < from || to > block.length()) {
            throw new IllegalArgumentException(
                    "block " + id + " has " + block.length() + " bytes, asked were " + from + " to " + to);
        }
        if (block.file() == null) {
            return Optional.of(Region.ofMemory(slice(block, from, to - from)));
        }
        try {
            return Optional.of(Region.ofFile(block.file(), from, to - from));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Forgets a block; none of that id is no error. */
    public void release(String id) {
        Block block = blocks.remove(id);
        if (block != null) {
            discard(block);
        }
    }

    /** Releases all blocks. */
    @Override
    public void close() {
        for (String id : List.copyOf(blocks.keySet())) {
            release(id);
        }
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // Somebody else's files are in it.
            return;
        }
    }

    private void discard(Block block) {
        for (byte[] chunk : block.chunks()) {
            usedBytes.addAndGet(-chunk.length);
        }
        if (block.file() != null && block.owned()) {
            try {
                Files.deleteIfExists(block.file());
            } catch (IOException e) {
                // Its folder is removed as a whole in the end.
                return;
            }
        }
    }

    private static InputStream openBlock(Block block, long offset, long length) throws IOException {
        if (block.file() != null) {
            FileChannel channel = FileChannel.open(block.file(), StandardOpenOption.READ);
            channel.position(offset);
            return new LimitedStream(Channels.newInputStream(channel), length);
        }
        List<InputStream> streams = new ArrayList<>();
        for (ByteBuffer buffer : slice(block, offset, length)) {
            streams.add(new ByteArrayInputStream(buffer.array(), buffer.position(), buffer.remaining()));
        }
        return new java.io.SequenceInputStream(java.util.Collections.enumeration(streams));
    }

    private static List<ByteBuffer> slice(Block block, long offset, long length) {
        List<ByteBuffer> buffers = new ArrayList<>();
        long skip = offset;
        long left = length;
        for (byte[] chunk : block.chunks()) {
            if (skip < chunk.length && left > 0) {
                int count = (int) Math.min(chunk.length - skip, left);
                buffers.add(ByteBuffer.wrap(chunk, (int) skip, count));
                left -= count;
                skip = 0;
            } else {
                skip = Math.max(0, skip - chunk.length);
            }
        }
        return buffers;
    }
}
