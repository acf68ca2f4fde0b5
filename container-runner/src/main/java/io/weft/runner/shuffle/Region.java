package io.weft.runner.shuffle;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Bytes that can be sent: a part of a file or of memory. Used by one thread. */
interface Region extends Closeable {
    long length();

    /** Sends all to a blocking channel; runs {@code progress} each time some are gone. */
    void sendTo(WritableByteChannel channel, Runnable progress) throws IOException;

    @Override
    void close() throws IOException;

    /** Opens a part of a file; it can be sent also after the file was deleted. */
    static Region ofFile(Path file, long offset, long length) throws IOException {
        return new FileRegion(FileChannel.open(file, StandardOpenOption.READ), offset, length);
    }

    static Region ofMemory(List<ByteBuffer> buffers) {
        return new MemoryRegion(buffers);
    }

    /** {@code offset} and {@code length} lie inside the file, else sending fails. */
    record FileRegion(FileChannel file, long offset, long length) implements Region {
        private static final long PIECE_BYTES = 4 << 20;

        @Override
        public void sendTo(WritableByteChannel channel, Runnable progress) throws IOException {
            long sent = 0;
            while (sent < length) {
                long now = file.transferTo(offset + sent, Math.min(PIECE_BYTES, length - sent), channel);
                if (now <= 0) {
                    throw new EOFException("the file ends " + (length - sent) + " bytes early");
                }
                sent += now;
                progress.run();
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /** The buffers' remaining bytes. */
    record MemoryRegion(List<ByteBuffer> buffers) implements Region {
        @Override
        public long length() {
            long length = 0;
            for (ByteBuffer buffer : buffers) {
                length += buffer.remaining();
            }
            return length;
        }

        @Override
        public void sendTo(WritableByteChannel channel, Runnable progress) throws IOException {
            for (ByteBuffer buffer : buffers) {
                ByteBuffer left = buffer.duplicate();
                while (left.hasRemaining()) {
                    channel.write(left);
                    progress.run();
                }
            }
        }

        @Override
        public void close() {}
    }
}
