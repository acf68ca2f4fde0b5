package io.weft.runner.files;

import java.io.IOException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** One file open for ranges of it. Used by its connection's thread. */
final class FileReader implements AutoCloseable {
    private final FSDataInputStream in;
    private final FileStatus status;
    private final byte[] piece = new byte[FilesChannel.PIECE_BYTES];

    /** Where the range that was read last ended: one that begins there goes on in the same stream from the server. */
    private long next;

    private FileReader(FSDataInputStream in, FileStatus status) {
        this.in = in;
        this.status = status;
    }

    static FileReader open(FileSystem files, Path path) throws IOException {
        FileStatus status = files.getFileStatus(path);
        if (status.isDirectory()) {
            throw new FileFailure(FileFailure.Kind.FOLDER, path.toString(), "It is a folder, not a file");
        }
        return new FileReader(files.open(path, FilesChannel.PIECE_BYTES), status);
    }

    FileStatus status() {
        return status;
    }

    /** A place in the file as Python counts: null is {@code absent}, what is negative counts from the end. */
    long place(Long asked, long absent) {
        long size = status.getLen();
        long place = asked == null ? absent : asked < 0 ? size + asked : asked;
        return Math.max(0, Math.min(size, place));
    }

    /**
     * Sends DATA for a range that {@link #place} has bounded.
     *
     * @throws StorageException when the file cannot be read; what was announced has been sent all the same
     */
    void send(long from, long to, FilesChannel channel) throws IOException {
        for (long start = from; start < to || start == from; start += FilesChannel.MAX_DATA_BYTES) {
            int length = (int) Math.max(0, Math.min(FilesChannel.MAX_DATA_BYTES, to - start));
            sendOne(start, length, channel);
        }
    }

    private void sendOne(long from, int length, FilesChannel channel) throws IOException {
        boolean onward = from == next;
        int done = 0;
        int ready = 0;
        IOException failed = null;
        if (length > 0) {
            try {
                ready = fill(from, length, onward);
            } catch (IOException | RuntimeException e) {
                throw new StorageException(e instanceof IOException io ? io : new IOException(e));
            }
        }
        channel.begin(FilesChannel.DATA, length);
        while (done < length) {
            if (failed == null && ready == 0) {
                try {
                    ready = fill(from + done, length - done, true);
                } catch (IOException | RuntimeException e) {
                    failed = e instanceof IOException io ? io : new IOException(e);
                    java.util.Arrays.fill(piece, (byte) 0);
                }
            }
            int count = failed == null ? ready : Math.min(piece.length, length - done);
            channel.body(piece, count);
            done += count;
            ready = 0;
        }
        next = from + length;
        if (failed != null) {
            throw new StorageException(failed);
        }
    }

    /** The next bytes of a range: streamed where reading goes on, else by a request for these bytes alone. */
    private int fill(long position, int wanted, boolean onward) throws IOException {
        int size = Math.min(wanted, piece.length);
        if (onward || wanted > piece.length) {
            if (in.getPos() != position) {
                in.seek(position);
            }
            in.readFully(piece, 0, size);
        } else {
            in.readFully(position, piece, 0, size);
        }
        return size;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
