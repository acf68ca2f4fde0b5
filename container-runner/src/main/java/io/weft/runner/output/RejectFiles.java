package io.weft.runner.output;

import io.weft.runner.protocol.TaskAttemptId;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.Path;

/** What one attempt rejects, a file a step. {@link #close} removes what was not finished. One thread. */
public final class RejectFiles implements Closeable {
    private final TaskAttemptId id;
    private final Configuration conf;
    private final Map<Path, OutputStream> open = new HashMap<>();
    private boolean finished;

    public RejectFiles(TaskAttemptId id, Configuration conf) {
        this.id = id;
        this.conf = new Configuration(conf);
        PosixLocalFileSystem.serve(this.conf);
    }

    /** Adds lines of a step to its file in {@code folder}, which is {@link DeadLetters#work()}. */
    public void write(String folder, int step, ByteBuffer lines) throws IOException {
        Path path = new Path(folder, DeadLetters.name(id, step));
        try {
            OutputStream stream = open.get(path);
            if (stream == null) {
                stream = path.getFileSystem(conf).create(path, true);
                open.put(path, stream);
            }
            byte[] bytes = new byte[lines.remaining()];
            lines.get(bytes);
            stream.write(bytes);
        } catch (IOException | FSError e) {
            throw failed(path, e);
        }
    }

    /** All is written; it stays. */
    public void finish() throws IOException {
        for (Map.Entry<Path, OutputStream> one : open.entrySet()) {
            try {
                one.getValue().close(); // a full disk may show itself only here
            } catch (IOException | FSError e) {
                throw failed(one.getKey(), e);
            }
        }
        finished = true;
    }

    @Override
    public void close() throws IOException {
        if (finished) {
            return;
        }
        for (OutputStream stream : open.values()) {
            try {
                stream.close();
            } catch (IOException | FSError e) {
                // it is deleted in any case
            }
        }
        for (Path path : open.keySet()) {
            path.getFileSystem(conf).delete(path, false);
        }
    }

    /** Names the folder that the user has given, which holds that of the job. */
    private static OutputException failed(Path path, Throwable cause) {
        Path folder = path.getParent().getParent();
        return OutputCommitters.explain("the dead letters in " + folder + " cannot be written", cause);
    }
}
