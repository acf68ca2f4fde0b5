package io.weft.runner.files;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.worker.Json;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Frames over one connection; see FILES.md. Owned by one thread, except {@link #close()}. */
final class FilesChannel implements AutoCloseable {
    static final int AUTH = 64;
    static final int REQUEST = 65;
    static final int DATA = 66;
    static final int FINISH = 67;
    static final int ABORT = 68;
    static final int ITEMS = 69;
    static final int OK = 70;
    static final int FAILED = 71;

    static final int MAX_BODY_BYTES = 4 << 20;
    static final int MAX_DATA_BYTES = 1 << 30;

    /** How much of a body is in memory at a time, here and outside the heap. */
    static final int PIECE_BYTES = 256 << 10;

    private static final int HEADER_BYTES = 8;

    private final SocketChannel channel;
    private final ByteBuffer header = ByteBuffer.allocateDirect(HEADER_BYTES);

    /** Length of the body of the frame whose header was read last, as far as it has not been read itself. */
    private int unread;

    FilesChannel(SocketChannel channel) {
        this.channel = channel;
    }

    /** Waits for the next frame's header and gives its type; -1 at the connection's end. Its body must be taken before the next. */
    int next() throws IOException {
        header.clear();
        while (header.hasRemaining()) {
            if (channel.read(header) < 0) {
                if (header.position() == 0) {
                    return -1;
                }
                throw new EOFException("the connection ended inside a frame");
            }
        }
        header.flip();
        unread = header.getInt();
        int type = Byte.toUnsignedInt(header.get());
        int reserved = Byte.toUnsignedInt(header.get()) | Short.toUnsignedInt(header.getShort());
        if (unread < 0 || unread > MAX_BODY_BYTES || reserved != 0) {
            throw new IOException(
                    "not a frame of weft.fs: type " + type + ", length " + Integer.toUnsignedString(unread));
        }
        return type;
    }

    JsonNode json() throws IOException {
        ByteBuffer body = ByteBuffer.allocate(unread);
        fill(body);
        unread = 0;
        return Json.object(body.array(), "a request of weft.fs");
    }

    /** Moves the body to a stream, piece by piece; the rest of it can still be dropped when the stream fails. */
    void moveTo(OutputStream out, byte[] piece) throws IOException {
        while (unread > 0) {
            ByteBuffer some = ByteBuffer.wrap(piece, 0, Math.min(piece.length, unread));
            fill(some);
            unread -= some.position();
            try {
                out.write(piece, 0, some.position());
            } catch (IOException failed) {
                throw new StorageException(failed);
            }
        }
    }

    void dropBody() throws IOException {
        ByteBuffer waste = ByteBuffer.allocate(Math.min(PIECE_BYTES, Math.max(1, unread)));
        while (unread > 0) {
            waste.clear().limit(Math.min(waste.capacity(), unread));
            fill(waste);
            unread -= waste.position();
        }
    }

    private void fill(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the connection ended inside a frame");
            }
        }
    }

    void write(int type, JsonNode json) throws IOException {
        byte[] body = Json.bytes(json);
        begin(type, body.length);
        body(body, body.length);
    }

    /** The header of a frame whose body follows by {@link #body}. */
    void begin(int type, int length) throws IOException {
        header.clear();
        header.putInt(length).put((byte) type).put((byte) 0).putShort((short) 0).flip();
        while (header.hasRemaining()) {
            channel.write(header);
        }
    }

    void body(byte[] bytes, int length) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes, 0, length);
        while (rest.hasRemaining()) {
            channel.write(rest);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException ignored) {
            // nothing is left to do with it
        }
    }
}
