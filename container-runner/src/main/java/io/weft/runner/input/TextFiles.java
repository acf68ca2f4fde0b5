package io.weft.runner.input;

import io.weft.runner.protocol.InputSpec;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CodecPool;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.Decompressor;
import org.apache.hadoop.io.compress.SplittableCompressionCodec;

/** Opens ranges of text files, compressed ones by their codec. */
final class TextFiles {
    private static final int STREAM_BUFFER_BYTES = 256 << 10;
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");
    /** How files begin, by the words of {@link #compression}. */
    private static final Map<String, byte[]> MAGIC = Map.of(
            "gzip", new byte[] {0x1f, (byte) 0x8b},
            "bzip2", new byte[] {'B', 'Z', 'h'},
            "zstandard", new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd});

    private final Configuration conf;
    private final TextCodecs codecs;

    TextFiles(Configuration conf) {
        this.conf = conf;
        this.codecs = new TextCodecs(conf);
    }

    /** {@code buffer}: for the blocks; used until the result is closed. */
    TextBlocks open(InputSpec.FileRange range, byte[] buffer) throws IOException {
        Path path = new Path(range.path());
        Optional<CompressionCodec> codec = codecs.find(path);
        if (codec.isPresent()) {
            if (codec.get() instanceof SplittableCompressionCodec) {
                // Hadoop's codec would look for a later block, and find a file of plain text to be empty
                Optional<String> other = range.start() == 0 ? notCompressed(range.path()) : Optional.empty();
                if (other.isPresent()) {
                    throw new IOException(other.get());
                }
                return new RecordBlocks(range, buffer.length, conf);
            }
            return new LineBlocks(decompress(codec.get(), path), 0, Long.MAX_VALUE, buffer);
        }
        InputStream stream = openAt(path, range.start(), range.start() + range.length());
        return new LineBlocks(stream, range.start(), range.start() + range.length(), buffer);
    }

    /** Whether the file system failed, and not what decompresses or decodes. */
    static boolean isTransport(Exception e) {
        String name = e.getClass().getName();
        return e instanceof StoredException
                || name.startsWith("org.apache.hadoop.hdfs.")
                || name.startsWith("org.apache.hadoop.ipc.")
                || name.startsWith("org.apache.hadoop.fs.")
                || name.startsWith("java.net.");
    }

    /** All of a file, unpacked where its name says that it is compressed. */
    InputStream openWhole(Path path) throws IOException {
        Optional<CompressionCodec> codec = codecs.find(path);
        return codec.isPresent() ? decompress(codec.get(), path) : FileRanges.open(path, 0, Long.MAX_VALUE, conf);
    }

    /** What the file is compressed with, in a word such as gzip, or empty. */
    Optional<String> compression(String path) {
        return codecs.find(new Path(path))
                .map(codec ->
                        codec.getClass().getSimpleName().replace("Codec", "").toLowerCase(Locale.ROOT));
    }

    /** With what bytes a file begins whose codec has other ones at its beginning; empty where it has none or they are right. */
    Optional<String> notCompressed(String path) {
        byte[] wanted = MAGIC.getOrDefault(compression(path).orElse(""), new byte[0]);
        try (InputStream stream = openAt(new Path(path), 0, wanted.length)) {
            byte[] found = stream.readNBytes(wanted.length);
            if (Arrays.equals(found, wanted)) {
                return Optional.empty();
            }
            String start = found.length == 0 ? "it is empty" : "it begins with bytes " + HEX.formatHex(found);
            return Optional.of(start + ", not " + HEX.formatHex(wanted));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private InputStream openAt(Path path, long start, long end) throws IOException {
        return FileRanges.open(path, start, end, conf);
    }

    private InputStream decompress(CompressionCodec codec, Path path) throws IOException {
        InputStream stored = new StoredStream(openAt(path, 0, Long.MAX_VALUE));
        Decompressor decompressor = null;
        try {
            decompressor = CodecPool.getDecompressor(codec);
            return new PooledStream(codec.createInputStream(stored, decompressor), decompressor);
        } catch (IOException | RuntimeException | LinkageError e) {
            stored.close();
            if (decompressor != null) {
                CodecPool.returnDecompressor(decompressor);
            }
            if (e instanceof IOException failure) {
                throw failure;
            }
            throw new CodecMissingException(
                    codec.getClass().getSimpleName() + " does not work here: " + e.getMessage(), e);
        }
    }

    /** The codec is known, but what it needs (a native library) is not there. */
    static final class CodecMissingException extends IOException {
        private static final long serialVersionUID = 1L;

        CodecMissingException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The file system failed under a codec; everything else that a codec throws means damaged content. */
    static final class StoredException extends IOException {
        private static final long serialVersionUID = 1L;

        StoredException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private static final class StoredStream extends BufferedInputStream {
        StoredStream(InputStream stream) {
            super(stream, STREAM_BUFFER_BYTES);
        }

        @Override
        public synchronized int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return super.read(bytes, offset, length);
            } catch (IOException e) {
                throw new StoredException(e);
            }
        }
    }

    private static final class PooledStream extends FilterInputStream {
        private Decompressor decompressor;

        PooledStream(InputStream stream, Decompressor decompressor) {
            super(stream);
            this.decompressor = decompressor;
        }

        @Override
        public void close() throws IOException {
            try {
                super.close();
            } finally {
                CodecPool.returnDecompressor(decompressor);
                decompressor = null;
            }
        }
    }
}
