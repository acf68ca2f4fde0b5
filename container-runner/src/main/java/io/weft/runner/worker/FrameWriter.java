package io.weft.runner.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.function.BooleanSupplier;

/** Frames to a worker. Any thread may write; a frame is written whole, with its header in one gathering call. */
public final class FrameWriter {
    private final GatheringByteChannel channel;
    private final ByteBuffer header = ByteBuffer.allocateDirect(Frame.HEADER_BYTES);
    private volatile long bytesWritten;

    public FrameWriter(GatheringByteChannel channel) {
        this.channel = channel;
    }

    /** Bytes of all frames so far, headers included. */
    public long bytesWritten() {
        return bytesWritten;
    }

    /** Writes one frame; consumes {@code body}. Waits while the worker does not read. */
    public void write(FrameType type, int stream, ByteBuffer body) throws IOException {
        writeIf(() -> true, type, stream, body);
    }

    /**
     * Writes one frame unless {@code wanted} says no once it is this frame's turn.
     *
     * @return whether it was written
     */
    public synchronized boolean writeIf(BooleanSupplier wanted, FrameType type, int stream, ByteBuffer body)
            throws IOException {
        if (body.remaining() > Frame.MAX_BODY_BYTES) {
            throw new IllegalArgumentException(
                    type + " frame of " + body.remaining() + " bytes; a body has at most " + Frame.MAX_BODY_BYTES);
        }
        if (!wanted.getAsBoolean()) {
            return false;
        }
        long total = Frame.HEADER_BYTES + (long) body.remaining();
        header.clear();
        header.putInt(body.remaining())
                .put(type.code())
                .put((byte) stream)
                .putShort((short) 0)
                .flip();
        ByteBuffer[] parts = {header, body};
        for (long left = total; left > 0; ) {
            left -= channel.write(parts);
        }
        bytesWritten += total;
        return true;
    }
}
