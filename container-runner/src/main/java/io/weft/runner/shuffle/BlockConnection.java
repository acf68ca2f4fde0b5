package io.weft.runner.shuffle;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;

/** One connection to the block server; used by one thread at a time, closed by any. */
final class BlockConnection implements Closeable {
    /** What the server has to give, and the secret that opens it. */
    record Content(byte[] secret, MapOutputFiles outputs, BlockStore blocks) {}

    /** How long a worker waits for the next request before it gives the connection back to the selector. */
    private static final int LINGER_MILLIS = 20;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final SocketChannel channel;
    private final Content content;
    private final byte[] nonce = new byte[BlockWire.NONCE_BYTES];
    private final ByteBuffer input = ByteBuffer.allocate(2048).limit(0);
    private volatile boolean trusted;
    private volatile long lastProgressMillis = nowMillis();

    BlockConnection(SocketChannel channel, Content content) {
        this.channel = channel;
        this.content = content;
        RANDOM.nextBytes(nonce);
    }

    SocketChannel channel() {
        return channel;
    }

    /** Whether the client has proved that it knows the secret. */
    boolean isTrusted() {
        return trusted;
    }

    /** When bytes last moved, by the monotonic clock. */
    long lastProgressMillis() {
        return lastProgressMillis;
    }

    void greet() throws IOException {
        ByteBuffer greeting =
                ByteBuffer.allocate(32).put(BlockWire.greeting()).put(nonce).flip();
        send(greeting);
    }

    /**
     * Reads the client's proof or one request, and answers; the channel is blocking.
     *
     * @return whether the connection goes on
     */
    boolean answer() throws IOException {
        if (!trusted) {
            trusted = prove();
            return trusted;
        }
        if (!fill(1)) {
            return false;
        }
        byte op = input.get();
        require(2);
        int idLength = Short.toUnsignedInt(input.getShort());
        if (idLength == 0 || idLength > BlockWire.MAX_ID_BYTES) {
            sendSentence(BlockWire.STATUS_BAD_REQUEST, "an id of " + idLength + " bytes");
            return false;
        }
        require(idLength + 8);
        byte[] name = new byte[idLength];
        input.get(name);
        String id = new String(name, StandardCharsets.UTF_8);
        int from = input.getInt();
        int to = input.getInt();
        long first = 0;
        long end = 0;
        if (op == BlockWire.OP_RANGE) {
            require(16);
            first = input.getLong();
            end = input.getLong();
        }
        return respond(op, id, from, to, first, end);
    }

    /** Whether a request is there, or comes within a moment; end of file counts as one. */
    boolean awaitRequest() throws IOException {
        if (input.hasRemaining()) {
            return true;
        }
        channel.socket().setSoTimeout(LINGER_MILLIS);
        try {
            int value = channel.socket().getInputStream().read();
            if (value < 0) {
                return true;
            }
            input.clear().put((byte) value).flip();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return String.valueOf(channel.socket().getRemoteSocketAddress());
    }

    private boolean prove() throws IOException {
        require(BlockWire.PROOF_BYTES + BlockWire.NONCE_BYTES);
        byte[] proof = new byte[BlockWire.PROOF_BYTES];
        byte[] clientNonce = new byte[BlockWire.NONCE_BYTES];
        input.get(proof).get(clientNonce);
        if (!MessageDigest.isEqual(proof, BlockWire.proof(content.secret(), "client", nonce))) {
            return false;
        }
        send(ByteBuffer.wrap(BlockWire.proof(content.secret(), "server", clientNonce)));
        return true;
    }

    private boolean respond(byte op, String id, int from, int to, long first, long end) throws IOException {
        Optional<Region> found;
        try {
            found = find(op, id, from, to, first, end);
        } catch (IllegalArgumentException e) {
            sendSentence(BlockWire.STATUS_BAD_REQUEST, e.getMessage());
            return true;
        } catch (IOException e) {
            sendSentence(BlockWire.STATUS_FAILED, e.toString());
            return true;
        }
        if (found.isEmpty()) {
            sendSentence(BlockWire.STATUS_NOT_FOUND, "there is no " + id + " here");
            return true;
        }
        try (Region region = found.get()) {
            send(BlockWire.responseHead(BlockWire.STATUS_OK, region.length()));
            region.sendTo(channel, this::progress);
        }
        return true;
    }

    private Optional<Region> find(byte op, String id, int from, int to, long first, long end) throws IOException {
        if (op == BlockWire.OP_MAP_OUTPUT) {
            return content.outputs().open(id, from, to);
        }
        if (op == BlockWire.OP_BLOCK) {
            long length = content.blocks().length(id);
            return length < 0 ? Optional.empty() : content.blocks().region(id, 0, length);
        }
        if (op == BlockWire.OP_RANGE) {
            return content.blocks().region(id, first, end);
        }
        throw new IllegalArgumentException("operation " + op + " is none of 1, 2 and 3");
    }

    private void sendSentence(byte status, String sentence) throws IOException {
        byte[] text = sentence.getBytes(StandardCharsets.UTF_8);
        byte[] cut = Arrays.copyOf(text, Math.min(text.length, BlockWire.MAX_SENTENCE_BYTES));
        send(BlockWire.responseHead(status, cut.length));
        send(ByteBuffer.wrap(cut));
    }

    private void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        progress();
    }

    private void require(int count) throws IOException {
        if (!fill(count)) {
            throw new EOFException("the client went away in the middle of a request");
        }
    }

    /** Makes at least {@code count} bytes available; false at the end of the stream. */
    private boolean fill(int count) throws IOException {
        if (input.remaining() >= count) {
            return true;
        }
        input.compact();
        while (input.position() < count) {
            if (channel.read(input) < 0) {
                input.flip();
                return false;
            }
            progress();
        }
        input.flip();
        return true;
    }

    private void progress() {
        lastProgressMillis = nowMillis();
    }

    private static long nowMillis() {
        return System.nanoTime() / 1_000_000;
    }
}
