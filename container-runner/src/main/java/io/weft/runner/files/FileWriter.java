package io.weft.runner.files;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** One file that is being written. It stays only if {@link #finish} was called; what was appended to keeps what has arrived. */
final class FileWriter implements AutoCloseable {
    private final FileSystem files;
    private final Path path;
    private final FSDataOutputStream out;
    private final boolean appends;
    private boolean ended;

    private FileWriter(FileSystem files, Path path, FSDataOutputStream out, boolean appends) {
        this.files = files;
        this.path = path;
        this.out = out;
        this.appends = appends;
    }

    static FileWriter open(FileSystem files, JsonNode request) throws IOException {
        Path path = new Path(request.path("path").asText());
        String mode = request.path("mode").asText();
        FileCommands.checkNoFolder(files, path);
        boolean exists = files.exists(path);
        if (mode.equals("exclusive") && exists) {
            throw new FileFailure(
                    FileFailure.Kind.EXISTS, path.toString(), "It exists already; mode \"wb\" writes over it");
        }
        if (mode.equals("append") && exists) {
            return new FileWriter(files, path, files.append(path), true);
        }
        int replication = request.path("replication").asInt(0);
        long block = request.path("block").asLong(0);
        FSDataOutputStream out = files.create(
                path,
                !mode.equals("exclusive"),
                FilesChannel.PIECE_BYTES,
                replication > 0 ? (short) replication : files.getDefaultReplication(path),
                block > 0 ? block : files.getDefaultBlockSize(path));
        return new FileWriter(files, path, out, false);
    }

    /** The file's length so far. */
    long length() {
        return out.getPos();
    }

    OutputStream stream() {
        return out;
    }

    /** Completes the file, or removes it. */
    FileWriter end(boolean complete) throws IOException {
        if (complete) {
            out.close();
            ended = true;
        }
        close();
        return this;
    }

    /** As {@link #close}, of a file that has failed already. */
    void discard() {
        try {
            close();
        } catch (IOException | RuntimeException failed) {
            // the failure before it is told
        }
    }

    /** Removes what was written, unless it is complete. */
    @Override
    public void close() throws IOException {
        if (ended) {
            return;
        }
        ended = true;
        if (appends) {
            out.close();
        } else {
            remove(files, path, out);
        }
    }

    /** Removes a file that was not completed; one that another writer has made anew in its place stays. */
    static void remove(FileSystem files, Path path, OutputStream out) throws IOException {
        try {
            out.close();
        } catch (FileNotFoundException taken) {
            return; // as HDFS says it of a file that is no longer this writer's
        } catch (IOException | RuntimeException failed) {
            if (failed.getClass().getSimpleName().equals("LeaseExpiredException")) {
                return;
            }
            // it could not be completed, which it was not to be
        }
        files.delete(path, false);
    }
}
