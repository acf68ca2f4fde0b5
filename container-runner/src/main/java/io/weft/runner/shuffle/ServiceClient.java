package io.weft.runner.shuffle;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fetches map outputs from YARN's mapreduce_shuffle (ShuffleHandler), which serves them when the runner that made them is gone: one
 * partition of one map or of several a request, over kept connections; the service proves that it knows the application's key.
 * Thread-safe.
 */
final class ServiceClient implements Closeable {
    /** Less than the service allows, which is 5 s. */
    private static final long MAX_IDLE_NANOS = 3_000_000_000L;

    private static final int MAX_IDLE = 16;

    /** Maps of one request, as MapReduce has it. */
    static final int MAX_MAPS = 20;

    /** The service takes request lines of 4,096 bytes; this leaves room for all but the ids. */
    static final int MAX_IDS_BYTES = 3_500;

    private final ShuffleReader.Service service;
    /** Connections without a request, by "host:port"; guarded by itself. */
    private final Map<String, Deque<ServiceConnection>> idle = new HashMap<>();

    private final AtomicLong requests = new AtomicLong();

    ServiceClient(ShuffleReader.Service service) {
        this.service = service;
    }

    /** Consecutive partitions of one map output. */
    final class Stream extends InputStream {
        private final String host;
        private final int port;
        private final String id;
        private final int to;
        private int next;
        private long left;
        private final long length;
        private ServiceConnection connection;

        private Stream(String host, int port, String id, int from, int to) throws IOException {
            this.host = host;
            this.port = port;
            this.id = id;
            this.to = to;
            this.next = from;
            long total = 0;
            if (to - from > 1) {
                for (int partition = from; partition < to; partition++) {
                    ServiceConnection measured = connect(host, port);
                    requests.incrementAndGet();
                    total += measured.request(List.of(id), partition).nextMap();
                    measured.close();
                }
            }
            openNext();
            this.length = to - from > 1 ? total : left;
        }

        long length() {
            return length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            while (left == 0) {
                if (next >= to) {
                    return -1;
                }
                openNext();
            }
            int read = connection.read(bytes, offset, (int) Math.min(count, left));
            if (read < 0) {
                throw new EOFException("mapreduce_shuffle at " + host + ":" + port + " ended " + left + " bytes early");
            }
            left -= read;
            releaseAtEnd();
            return read;
        }

        @Override
        public void close() {
            ServiceConnection open = connection;
            connection = null;
            if (open != null) {
                open.close();
            }
        }

        private void openNext() throws IOException {
            if (next >= to) {
                return;
            }
            connection = connect(host, port);
            try {
                requests.incrementAndGet();
                left = connection.request(List.of(id), next++).nextMap();
            } catch (IOException e) {
                connection.close();
                throw e;
            }
            releaseAtEnd();
        }

        private void releaseAtEnd() {
            ServiceConnection open = connection;
            if (left == 0 && open != null) {
                connection = null;
                keep(host + ":" + port, open);
            }
        }
    }

    /** Partitions {@code from} to {@code to} (exclusive) of a map output. */
    Stream open(String host, int port, String id, int from, int to) throws IOException {
        return new Stream(host, port, id, from, to);
    }

    /**
     * One partition of several maps, at most {@link #MAX_MAPS}, their ids {@link #MAX_IDS_BYTES} long together; one that cannot be served
     * fails them all.
     */
    Batch openBatch(String host, int port, List<String> ids, int partition) throws IOException {
        ServiceConnection connection = connect(host, port);
        try {
            requests.incrementAndGet();
            return new Batch(connection.request(ids, partition));
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    /** How many requests were sent. */
    long requests() {
        return requests.get();
    }

    /** An answer about several maps; one thread reads, any may close. */
    final class Batch implements Closeable {
        private final ServiceConnection connection;
        private volatile boolean whole;

        private Batch(ServiceConnection connection) {
            this.connection = connection;
        }

        /** Length of the next map's partition, whose bytes follow. */
        long nextMap() throws IOException {
            return connection.nextMap();
        }

        void read(byte[] bytes) throws IOException {
            connection.read(bytes);
        }

        /** All maps were read: the connection can be used again. */
        void done() {
            whole = true;
            keep(connection.address(), connection);
        }

        @Override
        public void close() {
            if (!whole) {
                connection.close();
            }
        }
    }

    @Override
    public void close() {
        synchronized (idle) {
            idle.values().forEach(kept -> kept.forEach(ServiceConnection::close));
            idle.clear();
        }
    }

    private ServiceConnection connect(String host, int port) throws IOException {
        String address = host + ":" + port;
        synchronized (idle) {
            Deque<ServiceConnection> kept = idle.get(address);
            while (kept != null && !kept.isEmpty()) {
                ServiceConnection last = kept.pollLast();
                if (System.nanoTime() - last.idleSinceNanos() < MAX_IDLE_NANOS) {
                    return last;
                }
                last.close();
            }
        }
        return new ServiceConnection(service, host, port);
    }

    private void keep(String address, ServiceConnection connection) {
        connection.idle();
        synchronized (idle) {
            Deque<ServiceConnection> kept = idle.computeIfAbsent(address, key -> new ArrayDeque<>());
            if (connection.isKept() && kept.size() < MAX_IDLE) {
                kept.addLast(connection);
                return;
            }
        }
        connection.close();
    }
}
