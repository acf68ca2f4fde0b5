package io.weft.runner.output;

import io.weft.runner.formats.RecordFormats;
import io.weft.runner.formats.RecordFormats.UnusableClassException;
import io.weft.runner.protocol.OutputSpec;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapred.FileOutputCommitter;
import org.apache.hadoop.mapred.JobConf;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.JobID;
import org.apache.hadoop.mapreduce.MRJobConfig;
import org.apache.hadoop.mapreduce.OutputCommitter;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.TaskID;
import org.apache.hadoop.mapreduce.TaskType;
import org.apache.hadoop.mapreduce.lib.output.FileOutputFormat;
import org.apache.hadoop.mapreduce.lib.output.PathOutputCommitter;
import org.apache.hadoop.mapreduce.lib.output.PathOutputCommitterFactory;
import org.apache.hadoop.mapreduce.task.JobContextImpl;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;

/** A save through an OutputFormat: its configuration, format and committers, the same in the ApplicationMaster and in all tasks. */
final class RecordJob {
    private static final String MAPRED_FORMAT = "mapred.output.format.class";
    private static final String MAPRED_COMMITTER = "mapred.output.committer.class";

    private final OutputSpec.Records spec;
    private final JobConf conf;

    RecordJob(OutputSpec.Records spec, Configuration hadoop) {
        this.spec = spec;
        conf = RecordFormats.configuration(spec.format(), hadoop);
        OutputCommitters.prepare(conf, spec.jobUuid());
        spec.path().ifPresent(path -> conf.set(FileOutputFormat.OUTDIR, path));
        conf.set(
                mapreduce() ? MRJobConfig.OUTPUT_FORMAT_CLASS_ATTR : MAPRED_FORMAT,
                spec.format().name());
        conf.set(MRJobConfig.OUTPUT_KEY_CLASS, spec.keyClass());
        conf.set(MRJobConfig.OUTPUT_VALUE_CLASS, spec.valueClass());
    }

    /** One attempt's ends; {@code job} and {@code task} are of the kind that the committer takes. */
    record Attempt(OutputCommitter committer, JobContext job, TaskAttemptContext task, WriterOpening opening) {}

    /** Opens the format's writer. */
    interface WriterOpening {
        RecordSink open() throws IOException, InterruptedException;
    }

    JobConf conf() {
        return conf;
    }

    boolean mapreduce() {
        return spec.format().mapreduce();
    }

    /** What the user gave, for messages. */
    String target() {
        return spec.path().orElse("the output of " + spec.format().name());
    }

    /** The committer and writer of one attempt; the ApplicationMaster's own is made with partition 0, attempt 0. */
    Attempt attempt(int partition, int attempt) throws IOException, UnusableClassException {
        JobID job = new JobID(OutputCommitters.JOB_TRACKER, spec.jobNumber());
        TaskType type = mapreduce() ? TaskType.REDUCE : TaskType.MAP; // as PySpark: part-r-00000, and part-00000
        TaskAttemptID id = new TaskAttemptID(new TaskID(job, type, partition), attempt);
        JobConf own = new JobConf(conf);
        OutputCommitters.describe(own, id);
        return mapreduce() ? mapreduceAttempt(own, id) : mapredAttempt(own, id);
    }

    private Attempt mapreduceAttempt(JobConf own, TaskAttemptID id) throws IOException, UnusableClassException {
        var format = RecordFormats.make(spec.format().name(), org.apache.hadoop.mapreduce.OutputFormat.class, own);
        TaskAttemptContext task = new TaskAttemptContextImpl(own, id);
        try {
            OutputCommitter committer = format.getOutputCommitter(task);
            return new Attempt(committer, new JobContextImpl(own, id.getJobID()), task, () -> {
                return RecordSink.of(format.getRecordWriter(task), task);
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("the output's set-up was interrupted");
        }
    }

    private Attempt mapredAttempt(JobConf own, TaskAttemptID id) throws IOException, UnusableClassException {
        var format = RecordFormats.make(spec.format().name(), org.apache.hadoop.mapred.OutputFormat.class, own);
        String name = String.format("part-%05d", id.getTaskID().getId());
        String named = own.get(MAPRED_COMMITTER, FileOutputCommitter.class.getName());
        boolean files = spec.path().isPresent() && named.equals(FileOutputCommitter.class.getName());
        if (files) {
            Path path = new Path(spec.path().get());
            TaskAttemptContext task = new TaskAttemptContextImpl(own, id);
            PathOutputCommitter committer =
                    PathOutputCommitterFactory.getCommitterFactory(path, own).createOutputCommitter(path, task);
            return new Attempt(committer, new JobContextImpl(own, id.getJobID()), task, () -> {
                JobConf placed = new JobConf(own);
                Path work = committer.getWorkPath();
                placed.set(FileOutputFormat.OUTDIR, work.toString());
                placed.set(MRJobConfig.TASK_OUTPUT_DIR, work.toString());
                placed.setOutputCommitter(PlacedCommitter.class);
                return RecordSink.of(
                        format.getRecordWriter(work.getFileSystem(own), placed, name, RecordSink.REPORTER));
            });
        }
        var jobId = org.apache.hadoop.mapred.JobID.downgrade(id.getJobID());
        var taskId = org.apache.hadoop.mapred.TaskAttemptID.downgrade(id);
        return new Attempt(
                own.getOutputCommitter(),
                new org.apache.hadoop.mapred.JobContextImpl(own, jobId),
                new org.apache.hadoop.mapred.TaskAttemptContextImpl(own, taskId),
                () -> RecordSink.of(format.getRecordWriter(FileSystem.get(own), own, name, RecordSink.REPORTER)));
    }

    /** What the format itself finds wrong before anything runs. */
    void checkSpecs() throws IOException, UnusableClassException {
        RecordFormats.find(spec.keyClass(), Object.class, conf);
        RecordFormats.find(spec.valueClass(), Object.class, conf);
        JobID job = new JobID(OutputCommitters.JOB_TRACKER, spec.jobNumber());
        if (!mapreduce()) {
            JobConf own = new JobConf(conf);
            RecordFormats.make(spec.format().name(), org.apache.hadoop.mapred.OutputFormat.class, own)
                    .checkOutputSpecs(FileSystem.get(own), own);
            return;
        }
        try {
            RecordFormats.make(spec.format().name(), org.apache.hadoop.mapreduce.OutputFormat.class, conf)
                    .checkOutputSpecs(new JobContextImpl(conf, job));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("the output's check was interrupted");
        }
    }

    Optional<String> codec() {
        String name =
                conf.getBoolean(FileOutputFormat.COMPRESS, false) ? conf.get(FileOutputFormat.COMPRESS_CODEC) : null;
        return Optional.ofNullable(name);
    }
}
