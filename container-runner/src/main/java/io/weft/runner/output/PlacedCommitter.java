package io.weft.runner.output;

import org.apache.hadoop.mapred.JobContext;
import org.apache.hadoop.mapred.OutputCommitter;
import org.apache.hadoop.mapred.TaskAttemptContext;

/**
 * What a mapred OutputFormat is told commits its files: nobody. With it the format writes straight into the folder that it is given,
 * which is the work folder of the committer that {@link RecordOutput} has. Public for Hadoop, which makes it by its name.
 */
public final class PlacedCommitter extends OutputCommitter {
    @Override
    public void setupJob(JobContext context) {}

    @Override
    public void setupTask(TaskAttemptContext context) {}

    @Override
    public boolean needsTaskCommit(TaskAttemptContext context) {
        return false;
    }

    @Override
    public void commitTask(TaskAttemptContext context) {}

    @Override
    public void abortTask(TaskAttemptContext context) {}
}
