package io.weft.runner.output;

import java.io.IOException;
import org.apache.hadoop.mapreduce.OutputCommitter;
import org.apache.hadoop.mapreduce.TaskAttemptContext;

/** An attempt's part that Hadoop's committer hands to the job. Used by one thread. */
abstract class CommittedOutput implements PartOutput {
    private final OutputCommitter committer;
    private final TaskAttemptContext task;
    private final String target;
    private boolean ended;

    /** {@code target}: what is written to, for messages. */
    CommittedOutput(OutputCommitter committer, TaskAttemptContext task, String target) {
        this.committer = committer;
        this.task = task;
        this.target = target;
    }

    /** Whether something was opened and not closed. */
    abstract boolean isOpen();

    /** Closes what is open, which is going to be removed. */
    abstract void abandon() throws IOException;

    @Override
    public final void commit() throws IOException {
        if (isOpen()) {
            throw new IllegalStateException("commit before finish");
        }
        try {
            if (committer.needsTaskCommit(task)) {
                committer.commitTask(task);
            }
            ended = true;
        } catch (IOException e) {
            throw OutputCommitters.explain("a part of " + target + " cannot be committed", e);
        }
    }

    @Override
    public final void abort() throws IOException {
        if (ended) {
            return;
        }
        ended = true;
        try {
            abandon();
        } finally {
            committer.abortTask(task);
        }
    }

    @Override
    public final void close() throws IOException {
        abort();
    }
}
