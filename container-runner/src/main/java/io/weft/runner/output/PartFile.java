package io.weft.runner.output;

import io.weft.runner.protocol.OutputSpec;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CodecPool;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.Compressor;

/** One open file of a save. One thread. */
final class PartFile {
    private static final int BUFFER_BYTES = 64 << 10;

    /** Counts what is stored. */
    private static final class Counted extends FilterOutputStream {
        private long bytes;

        Counted(OutputStream stream) {
            super(stream);
        }

        @Override
        public void write(int value) throws IOException {
            out.write(value);
            bytes++;
        }

        @Override
        public void write(byte[] data, int offset, int length) throws IOException {
            out.write(data, offset, length);
            bytes += length;
        }
    }

    private final Counted stored;
    private OutputStream stream;
    private Compressor compressor;
    private byte[] buffer = new byte[0];

    private PartFile(Counted stored) {
        this.stored = stored;
        this.stream = stored;
    }

    /** {@code name}: without what the codec adds to it. */
    static PartFile create(OutputSpec.TextFile spec, Path folder, String name, Configuration conf) throws IOException {
        CompressionCodec codec =
                spec.codec().isPresent() ? OutputCodecs.open(spec.codec().get(), conf) : null;
        Path path = new Path(folder, codec == null ? name : name + codec.getDefaultExtension());
        PartFile file = new PartFile(new Counted(path.getFileSystem(conf).create(path, false)));
        if (codec == null) {
            return file;
        }
        try {
            file.compressor = CodecPool.getCompressor(codec, conf);
            file.stream = codec.createOutputStream(file.stored, file.compressor);
            return file;
        } catch (IOException | RuntimeException | LinkageError e) {
            file.close();
            throw e;
        }
    }

    void write(ByteBuffer text) throws IOException {
        if (text.hasArray()) {
            stream.write(text.array(), text.arrayOffset() + text.position(), text.remaining());
            text.position(text.limit());
            return;
        }
        buffer = buffer.length == 0 ? new byte[BUFFER_BYTES] : buffer;
        while (text.hasRemaining()) {
            int count = Math.min(buffer.length, text.remaining());
            text.get(buffer, 0, count);
            stream.write(buffer, 0, count);
        }
    }

    /** What the file has by now; a codec may hold more back. */
    long storedBytes() {
        return stored.bytes;
    }

    /** Harmless when repeated. */
    void close() throws IOException {
        OutputStream open = stream;
        stream = null;
        try {
            if (open != null) {
                open.close();
            }
        } finally {
            CodecPool.returnCompressor(compressor);
            compressor = null;
        }
    }
}
