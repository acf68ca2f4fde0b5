package io.weft.runner.shuffle;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/** The client's end of one connection to a block server, after the handshake; one request at a time. */
final class ClientConnection implements Closeable {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Socket socket;
    private final String name;
    private final InputStream input;
    private volatile long lastUsedNanos = System.nanoTime();

    private ClientConnection(Socket socket, String name) throws IOException {
        this.socket = socket;
        this.name = name;
        this.input = socket.getInputStream();
    }

    static ClientConnection open(String host, int port, byte[] secret, int connectTimeoutMillis, int readTimeoutMillis)
            throws IOException {
        String name = host + ":" + port;
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(readTimeoutMillis);
            socket.connect(new InetSocketAddress(host, port), connectTimeoutMillis);
            ClientConnection connection = new ClientConnection(socket, name);
            connection.shakeHands(secret);
            return connection;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e instanceof IOException failure ? failure : new IOException(name + " cannot be connected: " + e, e);
        }
    }

    /** Sends a request and returns the length of the answer's body, to be read next. */
    long request(ByteBuffer request) throws IOException {
        ByteBuffer bytes = request.duplicate();
        socket.getOutputStream().write(bytes.array(), bytes.position(), bytes.remaining());
        ByteBuffer head = ByteBuffer.wrap(readExactly(9));
        byte status = head.get();
        long length = head.getLong();
        if (status == BlockWire.STATUS_OK && length >= 0) {
            return length;
        }
        if (length < 0 || length > BlockWire.MAX_SENTENCE_BYTES) {
            throw new IOException(name + " answered with status " + status + " and a length of " + length);
        }
        throw new BlockRefusedException(
                status, name + ": " + new String(readExactly((int) length), StandardCharsets.UTF_8));
    }

    int read(byte[] bytes, int offset, int count) throws IOException {
        int read = input.read(bytes, offset, count);
        lastUsedNanos = System.nanoTime();
        return read;
    }

    long lastUsedNanos() {
        return lastUsedNanos;
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

    private void shakeHands(byte[] secret) throws IOException {
        byte[] greeting = readExactly(16);
        if (!Arrays.equals(greeting, BlockWire.greeting())) {
            throw new IOException(name + " is no block server of this version");
        }
        byte[] nonce = new byte[BlockWire.NONCE_BYTES];
        byte[] serverNonce = readExactly(BlockWire.NONCE_BYTES);
        RANDOM.nextBytes(nonce);
        byte[] proof = BlockWire.proof(secret, "client", serverNonce);
        byte[] both = Arrays.copyOf(proof, proof.length + nonce.length);
        System.arraycopy(nonce, 0, both, proof.length, nonce.length);
        socket.getOutputStream().write(both);
        byte[] answer;
        try {
            answer = readExactly(BlockWire.PROOF_BYTES);
        } catch (EOFException e) {
            throw new IOException(name + " refused this application's secret", e);
        }
        if (!MessageDigest.isEqual(answer, BlockWire.proof(secret, "server", nonce))) {
            throw new IOException(name + " does not know this application's secret");
        }
    }

    private byte[] readExactly(int count) throws IOException {
        byte[] bytes = new byte[count];
        try {
            new DataInputStream(input).readFully(bytes);
        } catch (SocketTimeoutException e) {
            throw new SocketTimeoutException(name + " did not answer for " + socket.getSoTimeout() + " ms");
        } catch (EOFException e) {
            throw new EOFException(name + " ended the connection");
        }
        lastUsedNanos = System.nanoTime();
        return bytes;
    }
}
