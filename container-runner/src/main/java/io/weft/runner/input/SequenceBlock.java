package io.weft.runner.input;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.apache.hadoop.io.compress.CodecPool;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.Decompressor;

/** A block of a sequence file whose blocks are compressed: lengths of keys, keys, lengths of values, values. For one thread. */
final class SequenceBlock {
    /** Bytes that were unpacked, and how far they are used up. */
    private static final class Part {
        private static final int FIRST_BYTES = 64 << 10;
        private static final int KEPT_BYTES = 4 << 20;

        private byte[] bytes = new byte[FIRST_BYTES];
        private int end;
        private int at;

        void read(InputStream from) throws IOException {
            if (bytes.length > KEPT_BYTES) {
                bytes = new byte[FIRST_BYTES];
            }
            at = 0;
            end = 0;
            for (int read = 0; read >= 0; end += Math.max(0, read)) {
                if (end == bytes.length) {
                    bytes = Arrays.copyOf(bytes, Math.multiplyExact(2, bytes.length));
                }
                read = from.read(bytes, end, bytes.length - end);
            }
        }

        int takeLength() throws IOException {
            int size = at < end ? RawWritable.vintBytes(bytes[at]) : 1;
            if (at + size > end) {
                throw new IOException("a block of the file ends within a length");
            }
            long length = RawWritable.vint(bytes, at);
            at += size;
            if (length < 0 || length > Integer.MAX_VALUE) {
                throw new IOException("a block of the file claims a length of " + length + " bytes");
            }
            return (int) length;
        }

        /** Takes so many bytes, and says where they are. */
        int take(int length) throws IOException {
            if (length > end - at) {
                throw new IOException("a block of the file ends within a record");
            }
            int taken = at;
            at += length;
            return taken;
        }
    }

    private final CompressionCodec codec;
    private final Decompressor decompressor;
    private final Part keyLengths = new Part();
    private final Part keys = new Part();
    private final Part valueLengths = new Part();
    private final Part values = new Part();
    private int left;

    SequenceBlock(CompressionCodec codec) {
        this.codec = codec;
        decompressor = CodecPool.getDecompressor(codec);
    }

    /** Reads a block behind its mark. */
    void read(ByteWindow window, boolean withKeys) throws IOException {
        long count = takeNumber(window);
        if (count < 0 || count > Integer.MAX_VALUE) {
            throw new IOException("a block of the file claims " + count + " records");
        }
        left = (int) count;
        unpack(window, withKeys ? keyLengths : null);
        unpack(window, withKeys ? keys : null);
        unpack(window, valueLengths);
        unpack(window, values);
    }

    boolean hasNext() {
        return left > 0;
    }

    /** Gives out the next record. */
    void next(SequenceRecords.Column keyColumn, SequenceRecords.Column valueColumn) throws IOException {
        left--;
        if (keyColumn.to().isPresent()) {
            int length = keyLengths.takeLength();
            keyColumn.write(keys.bytes, keys.take(length), length);
        }
        int length = valueLengths.takeLength();
        valueColumn.write(values.bytes, values.take(length), length);
    }

    void release() {
        CodecPool.returnDecompressor(decompressor);
    }

    private void unpack(ByteWindow window, Part to) throws IOException {
        long packed = takeNumber(window);
        if (packed < 0 || packed > Integer.MAX_VALUE - 16) {
            throw new IOException("a block of the file claims a part of " + packed + " bytes");
        }
        window.need((int) packed);
        if (to != null) {
            InputStream from = new ByteArrayInputStream(window.bytes(), window.at(), (int) packed);
            if (decompressor != null) {
                decompressor.reset();
            }
            to.read(decompressor == null ? codec.createInputStream(from) : codec.createInputStream(from, decompressor));
        }
        window.skip((int) packed);
    }

    private static long takeNumber(ByteWindow window) throws IOException {
        window.need(1);
        int size = RawWritable.vintBytes(window.bytes()[window.at()]);
        window.need(size);
        long value = RawWritable.vint(window.bytes(), window.at());
        window.skip(size);
        return value;
    }
}
