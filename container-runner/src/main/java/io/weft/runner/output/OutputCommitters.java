package io.weft.runner.output;

import io.weft.runner.protocol.OutputSpec;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobID;
import org.apache.hadoop.mapreduce.MRJobConfig;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.TaskID;
import org.apache.hadoop.mapreduce.TaskType;
import org.apache.hadoop.mapreduce.lib.output.FileOutputCommitter;
import org.apache.hadoop.mapreduce.lib.output.FileOutputFormat;
import org.apache.hadoop.mapreduce.lib.output.PathOutputCommitter;
import org.apache.hadoop.mapreduce.lib.output.PathOutputCommitterFactory;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.hadoop.security.AccessControlException;

/** Makes a save's committers: the same ids and settings in the ApplicationMaster and in all tasks. */
final class OutputCommitters {
    /** Names a job among those of the same second; the number makes the difference here. */
    static final String JOB_TRACKER = "weft";

    /** Parts of messages after which trying again is useless. */
    private static final List<String> REFUSALS = List.of(
            "Permission denied", "No space left on device", "Disk quota exceeded", "Read-only file system", "quota of");

    private OutputCommitters() {}

    /** A committer, with the context that its calls take. */
    record Committer(PathOutputCommitter committer, TaskAttemptContext context) {}

    static Configuration configuration(OutputSpec.TextFile spec, Configuration conf) {
        Configuration own = new Configuration(conf);
        prepare(own, spec.jobUuid());
        own.set(FileOutputFormat.OUTDIR, spec.path());
        return own;
    }

    /** Sets what every save has; {@code own} is the save's own configuration. */
    static void prepare(Configuration own, String jobUuid) {
        // Version 2 moves a task's files to their place when the task commits, so that a failed job leaves some behind.
        own.setInt(FileOutputCommitter.FILEOUTPUTCOMMITTER_ALGORITHM_VERSION, 1);
        // A retried or restarted job finds its tasks' work under the same name.
        own.setInt(MRJobConfig.APPLICATION_ATTEMPT_ID, 0);
        own.set("fs.s3a.committer.uuid", jobUuid);
        PosixLocalFileSystem.serve(own);
    }

    /** The committer of one attempt; the ApplicationMaster's own is made with partition 0, attempt 0. */
    static Committer open(OutputSpec.TextFile spec, int partition, int attempt, Configuration configuration)
            throws IOException {
        JobID job = new JobID(JOB_TRACKER, spec.jobNumber());
        TaskAttemptID id = new TaskAttemptID(new TaskID(job, TaskType.MAP, partition), attempt);
        Configuration own = new Configuration(configuration);
        describe(own, id);
        TaskAttemptContext context = new TaskAttemptContextImpl(own, id);
        Path path = new Path(spec.path());
        PathOutputCommitter committer =
                PathOutputCommitterFactory.getCommitterFactory(path, own).createOutputCommitter(path, context);
        return new Committer(committer, context);
    }

    /** Tells which attempt it is, as MapReduce does. */
    static void describe(Configuration own, TaskAttemptID id) {
        own.set(MRJobConfig.ID, id.getJobID().toString());
        own.set(MRJobConfig.TASK_ID, id.getTaskID().toString());
        own.set(MRJobConfig.TASK_ATTEMPT_ID, id.toString());
        own.setBoolean(MRJobConfig.TASK_ISMAP, id.getTaskType() == TaskType.MAP);
        own.setInt(MRJobConfig.TASK_PARTITION, id.getTaskID().getId());
    }

    /** As {@link #explain(String, Exception)}, also for a file system that does not answer. */
    static OutputException explain(String path, String site, Exception cause) {
        Optional<String> silent = SilentHost.explain(cause, path, site);
        return silent.isPresent()
                ? new OutputException(OutputException.SILENT, silent.get(), cause)
                : explain(path + " cannot be written (" + site + ")", cause);
    }

    /** In the user's words what a file system's failure means; Hadoop's local file system throws its failures as FSError. */
    static OutputException explain(String what, Throwable cause) {
        if (cause instanceof OutputException known) {
            return known;
        }
        String reason = reason(cause);
        boolean refused = cause instanceof AccessControlException
                || cause instanceof java.nio.file.FileSystemException
                || REFUSALS.stream().anyMatch(reason::contains);
        String code = refused ? OutputException.REFUSED : OutputException.FAILED;
        return new OutputException(code, what + ": " + reason, cause);
    }

    /** The first line of what a file system said: HDFS appends its own stack. */
    private static String reason(Throwable cause) {
        if (cause instanceof java.nio.file.AccessDeniedException denied) {
            return "permission denied on " + denied.getFile();
        }
        if (cause instanceof java.nio.file.FileSystemException failure) {
            String kind = cause.getClass().getSimpleName().replace("Exception", "");
            return (failure.getReason() == null ? kind : failure.getReason()) + ": " + failure.getFile();
        }
        String message = cause instanceof FSError && cause.getCause() != null
                ? cause.getCause().getMessage()
                : cause.getMessage();
        return message == null
                ? cause.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
