package io.weft.runner.shuffle;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Blocks by id, in memory as far as {@code memoryBytes} reach, else in files under {@code folder}. Thread-safe. */
public final class BlockStore implements Closeable {
    public BlockStore(Path folder, long memoryBytes) {}

    /** A block in the making, by one thread; invisible until {@link #commit}. {@link #close} drops what was not committed. */
    public final class Writer implements Closeable {
        public void write(ByteBuffer bytes) throws IOException {
            throw new UnsupportedOperationException();
        }

        public long bytes() {
            throw new UnsupportedOperationException();
        }

        /** All bytes written so far, for results small enough to travel inline. */
        public byte[] toByteArray() throws IOException {
            throw new UnsupportedOperationException();
        }

        public void commit() throws IOException {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    public Writer create(String id) {
        throw new UnsupportedOperationException();
    }

    public void put(String id, byte[] bytes) throws IOException {
        throw new UnsupportedOperationException();
    }

    public boolean contains(String id) {
        throw new UnsupportedOperationException();
    }

    /** Length in bytes, or -1 when there is no such block. */
    public long length(String id) {
        throw new UnsupportedOperationException();
    }

    /** Reads {@code length} bytes from {@code offset}; a block released meanwhile can still be read to its end. */
    public InputStream open(String id, long offset, long length) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Forgets a block; none of that id is no error. */
    public void release(String id) {
        throw new UnsupportedOperationException();
    }

    /** Releases all blocks and removes the folder's files. */
    @Override
    public void close() {}
}
