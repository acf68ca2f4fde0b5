package io.weft.runner.input;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.Path;

/**
 * One range of a file in any format, in pieces of at most 1 MiB; opened when the first piece is asked for. It ends early where the file
 * ends. A range of a local file is named to the worker, which reads it by itself. Closing it from another thread ends a read that waits.
 */
public final class RawInput implements InputSource {
    private static final int PIECE_BYTES = 1 << 20;

    /** What is delivered: the range, or the file's length as eight bytes. */
    private enum Wanted {
        RANGE,
        SIZE
    }

    private final Wanted wanted;
    private final Path path;
    private final long end;
    private final Configuration conf;
    private byte[] piece = new byte[0];
    /** Place in the file of the next byte; only the reading thread uses it. */
    private long position;

    private volatile boolean closed;
    private volatile InputStream stream;

    private RawInput(Wanted wanted, String path, long from, long to, Configuration conf) {
        if (from < 0 || to < from) {
            throw new IllegalArgumentException("a range from " + from + " to " + to + " of " + path);
        }
        this.wanted = wanted;
        this.path = new Path(path);
        this.position = from;
        this.end = to;
        this.conf = conf;
    }

    /** Bytes {@code from} to {@code to} (exclusive), or as many of them as the file has. */
    public static RawInput range(String path, long from, long to, Configuration conf) {
        return new RawInput(Wanted.RANGE, path, from, to, conf);
    }

    /** The file's length, as eight bytes, the highest first. */
    public static RawInput size(String path, Configuration conf) {
        return new RawInput(Wanted.SIZE, path, 0, Long.BYTES, conf);
    }

    @Override
    public Optional<Item> next() throws IOException {
        if (closed || position == end) {
            return Optional.empty();
        }
        try {
            if (wanted == Wanted.SIZE) {
                position = end;
                return Optional.of(new Bytes(ByteBuffer.allocate(Long.BYTES).putLong(0, length())));
            }
            return FileRanges.isLocal(path) ? localPart() : read();
        } catch (IOException | RuntimeException e) {
            throw explain(e);
        } catch (FSError e) { // what Hadoop's local file system throws when a disk fails
            throw explain(e.getCause() instanceof IOException cause ? cause : new IOException(e));
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        InputStream open = stream;
        if (open != null) {
            open.close();
        }
    }

    private long length() throws IOException {
        return FileRanges.isLocal(path)
                ? Files.size(FileRanges.local(path))
                : path.getFileSystem(conf).getFileStatus(path).getLen();
    }

    private Optional<Item> localPart() throws IOException {
        java.nio.file.Path file = FileRanges.local(path);
        long from = position;
        long to = Math.min(end, Files.size(file));
        position = end;
        if (!Files.isReadable(file)) {
            throw new java.nio.file.AccessDeniedException(file.toString());
        }
        return from < to ? Optional.of(new LocalPart(file, from, to - from, -1)) : Optional.empty();
    }

    private Optional<Item> read() throws IOException {
        if (stream == null) {
            piece = new byte[(int) Math.min(PIECE_BYTES, end - position)];
            stream = FileRanges.open(path, position, end, conf);
            if (closed) {
                stream.close();
                return Optional.empty();
            }
        }
        int read = stream.readNBytes(piece, 0, (int) Math.min(piece.length, end - position));
        position = read < piece.length ? end : position + read;
        return read == 0 ? Optional.empty() : Optional.of(new Bytes(ByteBuffer.wrap(piece, 0, read)));
    }

    private InputException explain(Exception e) {
        return FileRanges.explain(e, path.toString(), position);
    }
}
