package io.weft.runner.worker;

import io.weft.runner.protocol.ProtocolException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/** Frames from a worker, one after the other. Used by one thread at a time; at most one body is held. */
public final class FrameReader {
    private static final int BUFFER_BYTES = 128 * 1024;

    private final ReadableByteChannel channel;

    /** Bytes read and not yet taken, between position and limit. */
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).flip();

    private volatile long bytesRead;

    public FrameReader(ReadableByteChannel channel) {
        this.channel = channel;
    }

    /** Bytes of all frames so far, headers included. */
    public long bytesRead() {
        return bytesRead;
    }

    /**
     * Waits for the next frame; empty at the end of the stream.
     *
     * @throws ProtocolException for what PROTOCOL.md does not allow a worker to send
     * @throws EOFException when the stream ends inside a frame
     */
    public Optional<Frame> next() throws IOException {
        if (!fill(Frame.HEADER_BYTES)) {
            return Optional.empty();
        }
        int length = buffer.getInt();
        int code = Byte.toUnsignedInt(buffer.get());
        int stream = Byte.toUnsignedInt(buffer.get());
        int reserved = Short.toUnsignedInt(buffer.getShort());
        FrameType type = FrameType.of(code)
                .filter(FrameType::isFromWorker)
                .orElseThrow(() -> new ProtocolException("a worker sent a frame of type " + code));
        if (length < 0 || length > Frame.MAX_BODY_BYTES || reserved != 0) {
            throw new ProtocolException("a worker sent a " + type + " frame of " + Integer.toUnsignedString(length)
                    + " bytes, reserved field " + reserved);
        }
        ByteBuffer body = ByteBuffer.wrap(new byte[length]);
        readBody(body);
        bytesRead += Frame.HEADER_BYTES + length;
        return Optional.of(new Frame(type, stream, body.flip()));
    }

    /** Makes {@code bytes} available in the buffer; false at the end of the stream before the first of them. */
    private boolean fill(int bytes) throws IOException {
        if (buffer.remaining() >= bytes) {
            return true;
        }
        buffer.compact();
        try {
            while (buffer.position() < bytes) {
                if (channel.read(buffer) < 0) {
                    if (buffer.position() == 0) {
                        return false;
                    }
                    throw new EOFException("the stream ended inside the header of a frame");
                }
            }
        } finally {
            buffer.flip();
        }
        return true;
    }

    private void readBody(ByteBuffer body) throws IOException {
        while (true) {
            int bytes = Math.min(buffer.remaining(), body.remaining());
            body.put(body.position(), buffer, buffer.position(), bytes);
            body.position(body.position() + bytes);
            buffer.position(buffer.position() + bytes);
            if (!body.hasRemaining()) {
                return;
            }
            buffer.clear();
            int read;
            try {
                read = channel.read(buffer);
            } finally {
                buffer.flip();
            }
            if (read < 0) {
                throw new EOFException("the stream ended inside the body of a frame");
            }
        }
    }
}
