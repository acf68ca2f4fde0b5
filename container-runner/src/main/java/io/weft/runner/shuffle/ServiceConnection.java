package io.weft.runner.shuffle;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** One connection to a node's mapreduce_shuffle: a request about some maps, then the answer, map by map. Owned by one thread at a time. */
final class ServiceConnection implements Closeable {
    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
    private static final int READ_TIMEOUT_MILLIS = 60_000;
    private static final int MAX_HEADER_BYTES = 16 << 10;
    private static final int MAX_ERROR_BYTES = 1024;
    /** The service's own limit for a map id. */
    private static final int MAX_ID_BYTES = 1000;

    private final ShuffleReader.Service service;
    private final Socket socket = new Socket();
    private final String address;
    private final int port;
    private final DataInputStream input;
    private boolean keepAlive;
    private long idleSinceNanos;

    /** Maps that were asked for and have not been answered. */
    private final Deque<String> asked = new ArrayDeque<>();

    private int askedPartition;

    ServiceConnection(ShuffleReader.Service service, String host, int port) throws IOException {
        this.service = service;
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

    /** Asks for one partition of these maps, which are answered one after another. */
    ServiceConnection request(List<String> ids, int partition) throws IOException {
        String target = "/mapOutput?job=" + service.job() + "&reduce=" + partition + "&map=" + String.join(",", ids)
                + "&keepAlive=true";
        String urlHash = hash(port + target);
        String request = "GET " + target + " HTTP/1.1\r\nHost: " + address
                + "\r\nname: mapreduce\r\nversion: 1.0.0\r\nUrlHash: " + urlHash + "\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String[] status = readLine().split(" ", 3);
        Map<String, String> headers = readHeaders();
        if (status.length < 2 || !status[1].equals("200")) {
            throw new IOException("mapreduce_shuffle at " + address + " answered " + String.join(" ", status) + " for "
                    + String.join(",", ids) + " partition " + partition + ": " + readError(headers));
        }
        byte[] reply = headers.getOrDefault("replyhash", "").getBytes(StandardCharsets.US_ASCII);
        if (!MessageDigest.isEqual(reply, hash(urlHash).getBytes(StandardCharsets.US_ASCII))) {
            throw new IOException("mapreduce_shuffle at " + address + " does not know this application's key");
        }
        keepAlive = headers.getOrDefault("connection", "").equalsIgnoreCase("keep-alive");
        asked.clear();
        asked.addAll(ids);
        askedPartition = partition;
        return this;
    }

    /** Length of the next map's partition; its bytes come next. */
    long nextMap() throws IOException {
        return readShuffleHeader(asked.remove(), askedPartition);
    }

    void read(byte[] bytes) throws IOException {
        input.readFully(bytes);
    }

    int read(byte[] bytes, int offset, int count) throws IOException {
        return input.read(bytes, offset, count);
    }

    String address() {
        return address;
    }

    /** The service takes another request on it. */
    boolean isKept() {
        return keepAlive;
    }

    void idle() {
        idleSinceNanos = System.nanoTime();
    }

    long idleSinceNanos() {
        return idleSinceNanos;
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

    private String hash(String message) {
        try {
            Mac mac = Mac.getInstance(service.algorithm());
            mac.init(new SecretKeySpec(service.key(), service.algorithm()));
            return Base64.getEncoder().encodeToString(mac.doFinal(message.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + service.algorithm(), e);
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
                throw new IOException(
                        "mapreduce_shuffle at " + address + " sent a line of more than " + MAX_HEADER_BYTES + " bytes");
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
