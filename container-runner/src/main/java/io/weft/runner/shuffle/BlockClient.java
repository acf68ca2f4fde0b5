package io.weft.runner.shuffle;

import io.weft.runner.input.BlockReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/** Fetches from block servers over kept connections. Thread-safe. */
public final class BlockClient implements Closeable {
    /** A response's body; closing it early closes the connection, reading it to its end keeps it. */
    public abstract static class Body extends InputStream {
        /** Length of the whole body in bytes. */
        public abstract long length();
    }

    public BlockClient(byte[] secret, int connectTimeoutMillis, int readTimeoutMillis) {}

    /** Partitions {@code from} to {@code to} (exclusive) of a map output's folder name. */
    public Body fetchMapOutput(String host, int port, String id, int from, int to) throws IOException {
        throw new UnsupportedOperationException();
    }

    public Body fetchBlock(String host, int port, String id) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Bytes {@code from} to {@code to} (exclusive) of a block. */
    public Body fetchRange(String host, int port, String id, long from, long to) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Reads blocks of the server at that address, for {@code DataInput}. */
    public BlockReader reader(String host, int port) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
