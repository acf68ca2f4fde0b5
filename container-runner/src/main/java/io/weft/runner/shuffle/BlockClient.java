package io.weft.runner.shuffle;

import io.weft.runner.input.BlockReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Fetches from block servers over kept connections, at most {@value #MAX_IDLE_PER_ADDRESS} idle ones per server. A kept connection that
 * the server has closed meanwhile is replaced by a new one, once. Thread-safe.
 */
public final class BlockClient implements Closeable {
    /** A response's body; closing it early closes the connection, reading it to its end keeps it. */
    public abstract static class Body extends InputStream {
        /** Length of the whole body in bytes. */
        public abstract long length();
    }

    private static final int MAX_IDLE_PER_ADDRESS = 8;
    /** Less than what the server allows. */
    private static final long MAX_IDLE_NANOS = 30_000_000_000L;

    private record Address(String host, int port) {}

    private final byte[] secret;
    private final int connectTimeoutMillis;
    private final int readTimeoutMillis;
    /** Connections without a request; guarded by itself, as {@code closed}. */
    private final Map<Address, Deque<ClientConnection>> idle = new HashMap<>();

    private boolean closed;

    public BlockClient(byte[] secret, int connectTimeoutMillis, int readTimeoutMillis) {
        this.secret = secret.clone();
        this.connectTimeoutMillis = connectTimeoutMillis;
        this.readTimeoutMillis = readTimeoutMillis;
    }

    /**
     * Partitions {@code from} to {@code to} (exclusive) of a map output's folder name.
     *
     * @throws BlockRefusedException when the server answers that it has none, or cannot read it
     * @throws IOException when the server cannot be reached or ends the connection
     */
    public Body fetchMapOutput(String host, int port, String id, int from, int to) throws IOException {
        return fetch(host, port, BlockWire.request(BlockWire.OP_MAP_OUTPUT, id, from, to, 0, 0));
    }

    /** A whole block; throws as {@link #fetchMapOutput}. */
    public Body fetchBlock(String host, int port, String id) throws IOException {
        return fetch(host, port, BlockWire.request(BlockWire.OP_BLOCK, id, 0, 0, 0, 0));
    }

    /** Bytes {@code from} to {@code to} (exclusive) of a block; throws as {@link #fetchMapOutput}. */
    public Body fetchRange(String host, int port, String id, long from, long to) throws IOException {
        return fetch(host, port, BlockWire.request(BlockWire.OP_RANGE, id, 0, 0, from, to));
    }

    /** Reads blocks of the server at that address, for {@code DataInput}. */
    public BlockReader reader(String host, int port) {
        return (block, offset, length) -> fetchRange(host, port, block, offset, offset + length);
    }

    @Override
    public void close() {
        List<ClientConnection> all = new ArrayList<>();
        synchronized (idle) {
            closed = true;
            idle.values().forEach(all::addAll);
            idle.clear();
        }
        all.forEach(ClientConnection::close);
    }

    private Body fetch(String host, int port, ByteBuffer request) throws IOException {
        Address address = new Address(host, port);
        ClientConnection kept = takeIdle(address);
        if (kept != null) {
            try {
                return send(address, kept, request);
            } catch (BlockRefusedException e) {
                throw e;
            } catch (IOException e) {
                // The server may have closed it while it was idle; a new connection decides.
                kept.close();
            }
        }
        return send(
                address, ClientConnection.open(host, port, secret, connectTimeoutMillis, readTimeoutMillis), request);
    }

    private Body send(Address address, ClientConnection connection, ByteBuffer request) throws IOException {
        try {
            long length = connection.request(request);
            return new ResponseBody(address, connection, length);
        } catch (BlockRefusedException e) {
            keep(address, connection);
            throw e;
        } catch (IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private ClientConnection takeIdle(Address address) throws IOException {
        List<ClientConnection> expired = new ArrayList<>();
        ClientConnection found = null;
        synchronized (idle) {
            if (closed) {
                throw new IOException("the block client is closed");
            }
            Deque<ClientConnection> kept = idle.get(address);
            while (kept != null && found == null && !kept.isEmpty()) {
                ClientConnection last = kept.pollLast();
                if (System.nanoTime() - last.lastUsedNanos() > MAX_IDLE_NANOS) {
                    expired.add(last);
                } else {
                    found = last;
                }
            }
        }
        expired.forEach(ClientConnection::close);
        return found;
    }

    private void keep(Address address, ClientConnection connection) {
        boolean kept = false;
        synchronized (idle) {
            Deque<ClientConnection> others = idle.computeIfAbsent(address, key -> new ArrayDeque<>());
            if (!closed && others.size() < MAX_IDLE_PER_ADDRESS) {
                others.addLast(connection);
                kept = true;
            }
        }
        if (!kept) {
            connection.close();
        }
    }

    private final class ResponseBody extends Body {
        private final Address address;
        private final ClientConnection connection;
        private final long length;
        private long left;
        private boolean released;

        ResponseBody(Address address, ClientConnection connection, long length) {
            this.address = address;
            this.connection = connection;
            this.length = length;
            this.left = length;
            releaseAtEnd();
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            if (left == 0 || count == 0) {
                return count == 0 ? 0 : -1;
            }
            int read = connection.read(bytes, offset, (int) Math.min(count, left));
            if (read < 0) {
                throw new IOException(
                        address.host() + ":" + address.port() + " ended the connection " + left + " bytes early");
            }
            left -= read;
            releaseAtEnd();
            return read;
        }

        @Override
        public void close() {
            synchronized (this) {
                if (released) {
                    return;
                }
                released = true;
            }
            connection.close();
        }

        private void releaseAtEnd() {
            if (left > 0) {
                return;
            }
            synchronized (this) {
                if (released) {
                    return;
                }
                released = true;
            }
            keep(address, connection);
        }
    }
}
