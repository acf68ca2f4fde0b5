package io.weft.master.gateway;

import io.weft.master.results.ResultLostException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Frames over one connection of the data socket. Owned by one thread, except {@link #wakeup()} and {@link #close()}. The channel does
 * not block; its selector lets the thread wait for bytes, for room, or for somebody's wakeup, and see the driver's end at once.
 */
final class DataChannel implements AutoCloseable {
    /** One frame; {@code body} is valid until the next read. */
    record Frame(int type, ByteBuffer body) {
        String text() {
            return StandardCharsets.UTF_8.decode(body.duplicate()).toString();
        }
    }

    private static final int READ_BYTES = 64 << 10;
    private static final int STREAM_BYTES = 256 << 10;

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private ByteBuffer in = ByteBuffer.allocateDirect(READ_BYTES).flip();

    DataChannel(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        selector = Selector.open();
        key = channel.register(selector, 0);
    }

    /** The next frame; null at the connection's end between frames. */
    Frame read() throws IOException {
        compact();
        if (!fill(DataFrames.HEADER_BYTES)) {
            return null;
        }
        int length = in.getInt(in.position());
        int type = in.get(in.position() + 4) & 0xff;
        int reserved = in.getInt(in.position() + 4) & 0xffffff;
        if (length < 0 || length > DataFrames.MAX_BODY_BYTES || reserved != 0) {
            throw new IOException(
                    "not a frame of the data socket: length " + (length & 0xffffffffL) + ", type " + type);
        }
        if (!fill(DataFrames.HEADER_BYTES + length)) {
            throw new EOFException("the connection ended inside a frame");
        }
        in.position(in.position() + DataFrames.HEADER_BYTES);
        ByteBuffer body = in.slice(in.position(), length);
        in.position(in.position() + length);
        return new Frame(type, body);
    }

    /** Moves what is left to the buffer's start, so that bodies handed out stay untouched until the next call. */
    private void compact() {
        if (in.hasRemaining()) {
            in.compact().flip();
        } else {
            in.clear().flip();
        }
        if (in.capacity() > READ_BYTES
                && in.remaining() <= READ_BYTES
                && in.capacity() > 2 * DataFrames.BULK_BODY_BYTES) {
            ByteBuffer smaller = ByteBuffer.allocateDirect(READ_BYTES);
            in = smaller.put(in).flip();
        }
    }

    private boolean fill(int bytes) throws IOException {
        while (in.remaining() < bytes) {
            grow(bytes);
            int end = in.limit();
            int start = in.position();
            in.limit(in.capacity()).position(end);
            int count = channel.read(in);
            in.limit(in.position()).position(start);
            if (count < 0) {
                if (in.hasRemaining()) {
                    throw new EOFException("the connection ended inside a frame");
                }
                return false;
            }
            if (count == 0) {
                await(SelectionKey.OP_READ, 0);
            }
        }
        return true;
    }

    private void grow(int bytes) {
        if (in.capacity() - in.position() >= bytes) {
            return;
        }
        ByteBuffer larger = ByteBuffer.allocateDirect(Math.max(bytes, READ_BYTES));
        in = larger.put(in).flip();
    }

    private void await(int operation, long timeoutMillis) throws IOException {
        key.interestOps(operation);
        selector.select(timeoutMillis);
        selector.selectedKeys().clear();
    }

    /**
     * Waits for {@link #wakeup()} or the timeout, while the driver has nothing to say.
     *
     * @throws EOFException when the driver closed the connection or sent something out of turn
     */
    void idle(long timeoutMillis) throws IOException {
        await(SelectionKey.OP_READ, Math.max(1, timeoutMillis));
        checkOpen();
    }

    /** Throws EOFException when the driver is gone or speaks out of turn. */
    void checkOpen() throws IOException {
        if (in.hasRemaining()) {
            throw new EOFException("the driver spoke during a run");
        }
        in.clear();
        int count = channel.read(in);
        in.flip();
        if (count != 0) {
            throw new EOFException(count < 0 ? "the driver closed the connection" : "the driver spoke during a run");
        }
    }

    void wakeup() {
        selector.wakeup();
    }

    void write(int type, ByteBuffer body) throws IOException {
        ByteBuffer header = header(type, body.remaining());
        ByteBuffer[] parts = {header, body};
        while (body.hasRemaining() || header.hasRemaining()) {
            if (channel.write(parts) == 0) {
                await(SelectionKey.OP_WRITE, 0);
            }
        }
    }

    void write(int type, String json) throws IOException {
        write(type, ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * All of a stream as BYTES frames, through one buffer of {@link #STREAM_BYTES}.
     *
     * @throws ResultLostException when it cannot be read; other IOExceptions are the driver's connection
     */
    void stream(InputStream in, long length) throws IOException {
        byte[] buffer = new byte[(int) Math.min(Math.max(length, 1), STREAM_BYTES)];
        long left = length;
        while (left > 0) {
            int count = readSome(in, buffer, (int) Math.min(left, buffer.length));
            write(DataFrames.BYTES, ByteBuffer.wrap(buffer, 0, count));
            left -= count;
        }
    }

    private static int readSome(InputStream in, byte[] buffer, int wanted) throws ResultLostException {
        try {
            int count = in.readNBytes(buffer, 0, wanted);
            if (count < wanted) {
                throw new EOFException("it ends " + (wanted - count) + " bytes too early");
            }
            return count;
        } catch (IOException lost) {
            throw new ResultLostException(lost);
        }
    }

    private static ByteBuffer header(int type, int length) {
        ByteBuffer header = ByteBuffer.allocate(DataFrames.HEADER_BYTES);
        return header.putInt(length)
                .put((byte) type)
                .put((byte) 0)
                .putShort((short) 0)
                .flip();
    }

    @Override
    public void close() {
        closeQuietly(selector);
        closeQuietly(channel);
    }

    private static void closeQuietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception ignored) {
            // nothing is left to do with it
        }
    }
}
