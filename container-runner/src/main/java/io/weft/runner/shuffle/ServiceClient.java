package io.weft.runner.shuffle;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Fetches map outputs from YARN's mapreduce_shuffle (ShuffleHandler), which serves them when the runner that made them is gone. One
 * partition a request, over kept connections; the service proves that it knows the application's key. Thread-safe.
 */
final class ServiceClient implements Closeable {
    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
    private static final int READ_TIMEOUT_MILLIS = 60_000;
    private static final int MAX_HEADER_BYTES = 16 << 10;
    private static final int MAX_ERROR_BYTES = 1024;
    /** The service's own limit for a map id. */
    private static final int MAX_ID_BYTES = 1000;
    /** Less than the service allows, which is 5 s. */
    private static final long MAX_IDLE_NANOS = 3_000_000_000L;

    private static final int MAX_IDLE = 16;

    private final ShuffleReader.Service service;
    /** Connections without a request, by "host:port"; guarded by itself. */
    private final Map<String, Deque<Connection>> idle = new HashMap<>();

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
        private Connection connection;

        private Stream(String host, int port, String id, int from, int to) throws IOException {
            this.host = host;
            this.port = port;
            this.id = id;
            this.to = to;
            this.next = from;
            long total = 0;
            if (to - from > 1) {
                for (int partition = from; partition < to; partition++) {
                    Connection measured = connect(host, port);
                    total += measured.request(id, partition);
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
            int read = connection.input.read(bytes, offset, (int) Math.min(count, left));
            if (read < 0) {
                throw new EOFException("mapreduce_shuffle at " + host + ":" + port + " ended " + left + " bytes early");
            }
            left -= read;
            releaseAtEnd();
            return read;
        }

        @Override
        public void close() {
            Connection open = connection;
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
                left = connection.request(id, next++);
            } catch (IOException e) {
                connection.close();
                throw e;
            }
            releaseAtEnd();
        }

        private void releaseAtEnd() {
            Connection open = connection;
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

    @Override
    public void close() {
        synchronized (idle) {
            idle.values().forEach(kept -> kept.forEach(Connection::close));
            idle.clear();
        }
    }

    private Connection connect(String host, int port) throws IOException {
        String address = host + ":" + port;
        synchronized (idle) {
            Deque<Connection> kept = idle.get(address);
            while (kept != null && !kept.isEmpty()) {
                Connection last = kept.pollLast();
                if (System.nanoTime() - last.idleSinceNanos < MAX_IDLE_NANOS) {
                    return last;
                }
                last.close();
            }
        }
        return new Connection(host, port);
    }

    private void keep(String address, Connection connection) {
        connection.idleSinceNanos = System.nanoTime();
        synchronized (idle) {
            Deque<Connection> kept = idle.computeIfAbsent(address, key -> new ArrayDeque<>());
            if (connection.keepAlive && kept.size() < MAX_IDLE) {
                kept.addLast(connection);
                return;
            }
        }
        connection.close();
    }

    private String hash(String message) {
        try {
            Mac mac = Mac.getInstance(service.algorithm());
            mac.init(new SecretKeySpec(service.key(), service.algorithm()));
            return Base64.getEncoder().encodeToString(mac.doFinal(message.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + service.algorithm(), e);
        }
    }

    private final class Connection implements Closeable {
        private final Socket socket = new Socket();
        private final String address;
        private final int port;
        private final DataInputStream input;
        private boolean keepAlive;
        private long idleSinceNanos;

        Connection(String host, int port) throws IOException {
            this.address = host + ":" + port;
            this.port = port;
            try {
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(READ_TIMEOUT_MILLIS);
                socket.connect(new InetSocketAddress(host, port), CONNECT_TIMEOUT_MILLIS);
                this.input = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 << 10));
            } catch (IOException e) {
                close();
                throw e;
            }
        }

        /** Asks for one partition of one map; returns its length, its bytes come next. */
        long request(String id, int partition) throws IOException {
            String target =
                    "/mapOutput?job=" + service.job() + "&reduce=" + partition + "&map=" + id + "&keepAlive=true";
            String urlHash = hash(port + target);
            String request = "GET " + target + " HTTP/1.1\r\nHost: " + address
                    + "\r\nname: mapreduce\r\nversion: 1.0.0\r\nUrlHash: " + urlHash + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            String[] status = readLine().split(" ", 3);
            Map<String, String> headers = readHeaders();
            if (status.length < 2 || !status[1].equals("200")) {
                throw new IOException("mapreduce_shuffle at " + address + " answered " + String.join(" ", status)
                        + " for " + id + " partition " + partition + ": " + readError(headers));
            }
            byte[] reply = headers.getOrDefault("replyhash", "").getBytes(StandardCharsets.US_ASCII);
            if (!MessageDigest.isEqual(reply, hash(urlHash).getBytes(StandardCharsets.US_ASCII))) {
                throw new IOException("mapreduce_shuffle at " + address + " does not know this application's key");
            }
            keepAlive = headers.getOrDefault("connection", "").equalsIgnoreCase("keep-alive");
            return readShuffleHeader(id, partition);
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                // Nothing more is wanted of it.
                return;
            }
        }

        private long readShuffleHeader(String id, int partition) throws IOException {
            long idBytes = readVariableLong();
            if (idBytes < 0 || idBytes > MAX_ID_BYTES) {
                throw new IOException(
                        "mapreduce_shuffle at " + address + " answered with a map id of " + idBytes + " bytes");
            }
            byte[] name = new byte[(int) idBytes];
            input.readFully(name);
            long length = readVariableLong();
            readVariableLong();
            long served = readVariableLong();
            String servedId = new String(name, StandardCharsets.UTF_8);
            if (!servedId.equals(id) || served != partition || length < 0) {
                throw new IOException("mapreduce_shuffle at " + address + " answered with " + servedId + " partition "
                        + served + " of " + length + " bytes; asked was " + id + " partition " + partition);
            }
            return length;
        }

        /** Hadoop's variable length integers: one byte from -112 to 127, else its sign and length, then the bytes. */
        private long readVariableLong() throws IOException {
            byte first = input.readByte();
            if (first >= -112) {
                return first;
            }
            boolean negative = first < -120;
            int count = negative ? -120 - first : -112 - first;
            long value = 0;
            for (int index = 0; index < count; index++) {
                value = value << 8 | input.readUnsignedByte();
            }
            return negative ? ~value : value;
        }

        private Map<String, String> readHeaders() throws IOException {
            Map<String, String> headers = new HashMap<>();
            int total = 0;
            for (String line = readLine(); !line.isEmpty(); line = readLine()) {
                total += line.length();
                if (total > MAX_HEADER_BYTES) {
                    throw new IOException("mapreduce_shuffle at " + address + " sent more than " + MAX_HEADER_BYTES
                            + " bytes of headers");
                }
                int colon = line.indexOf(':');
                if (colon > 0) {
                    headers.put(
                            line.substring(0, colon).trim().toLowerCase(Locale.ROOT),
                            line.substring(colon + 1).trim());
                }
            }
            return headers;
        }

        private String readLine() throws IOException {
            StringBuilder line = new StringBuilder();
            while (true) {
                int letter = input.read();
                if (letter < 0) {
                    throw new EOFException("mapreduce_shuffle at " + address + " ended the connection");
                }
                if (letter == '\n') {
                    return line.toString();
                }
                if (letter != '\r') {
                    line.append((char) letter);
                }
                if (line.length() > MAX_HEADER_BYTES) {
                    throw new IOException("mapreduce_shuffle at " + address + " sent a line of more than "
                            + MAX_HEADER_BYTES + " bytes");
                }
            }
        }

        private String readError(Map<String, String> headers) throws IOException {
            int length;
            try {
                length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
            } catch (NumberFormatException e) {
                length = 0;
            }
            byte[] text = input.readNBytes(Math.max(0, Math.min(length, MAX_ERROR_BYTES)));
            return new String(text, StandardCharsets.UTF_8).lines().findFirst().orElse("");
        }
    }
}
