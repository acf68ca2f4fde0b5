package io.weft.runner.output;

import io.weft.runner.protocol.TaskAttemptId;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Collection;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder of rejected records. Tasks write into a work folder of the job inside it, one file for each attempt and step; the
 * ApplicationMaster moves those of the attempts that count to their place. Used by one thread.
 */
public final class DeadLetters {
    private static final String PREFIX = "rejects-";
    private static final String SUFFIX = ".jsonl";

    private final Path folder;
    private final String application;
    private final FileSystem files;
    private final Path work;

    private DeadLetters(Path folder, String application, int job, FileSystem files) {
        this.folder = folder;
        this.application = application;
        this.files = files;
        this.work = new Path(folder, "_temporary-" + application + "-" + job);
    }

    /** {@code folder}: qualified. */
    public static DeadLetters of(String folder, String application, int job, Configuration conf) throws IOException {
        Configuration own = new Configuration(conf);
        PosixLocalFileSystem.serve(own);
        Path path = new Path(folder);
        return new DeadLetters(path, application, job, path.getFileSystem(own));
    }

    /** Where the tasks of the job write. */
    public String work() {
        return work.toString();
    }

    /** The file in {@link #work} of one attempt for one step. */
    public static String name(TaskAttemptId id, int step) {
        return "s" + id.stage() + "-p" + id.partition() + "-a" + id.attempt() + "-" + step + SUFFIX;
    }

    /** Puts the files of these attempts in place of those of earlier applications; a step's file of the same partition is replaced. */
    public void commit(int step, Collection<TaskAttemptId> winners) throws IOException {
        try {
            files.mkdirs(folder);
            for (TaskAttemptId id : winners) {
                Path place = new Path(
                        folder,
                        PREFIX + application + "-" + step + "-" + String.format("%05d", id.partition()) + SUFFIX);
                files.delete(place, false);
                Path made = new Path(work, name(id, step));
                if (!files.rename(made, place)) {
                    throw new IOException(made + " cannot be moved to " + place);
                }
            }
            deleteOthers(); // last: what fails before leaves them
        } catch (IOException | FSError e) {
            throw OutputCommitters.explain("the dead letters in " + folder + " cannot be committed", e);
        }
    }

    private void deleteOthers() throws IOException {
        for (FileStatus there : files.listStatus(folder)) {
            String name = there.getPath().getName();
            if (name.startsWith(PREFIX) && name.endsWith(SUFFIX) && !name.startsWith(PREFIX + application + "-")) {
                files.delete(there.getPath(), false);
            }
        }
    }

    /** Removes what is not committed. */
    public void close() throws IOException {
        files.delete(work, true);
        try {
            if (files.listStatus(folder).length == 0) {
                files.delete(folder, false);
            }
        } catch (FileNotFoundException e) {
            // nothing was written
        }
    }
}
