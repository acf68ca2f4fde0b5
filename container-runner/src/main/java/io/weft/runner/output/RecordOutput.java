package io.weft.runner.output;

import io.weft.runner.formats.RecordFormats;
import io.weft.runner.formats.RecordFormats.UnusableClassException;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;

/** One attempt's part of a save through an OutputFormat. */
public final class RecordOutput extends CommittedOutput {
    private final RecordJob job;
    private final RecordJob.Attempt attempt;
    private final RecordBatches batches;
    private RecordSink writer;

    private RecordOutput(RecordJob job, RecordJob.Attempt attempt, RecordBatches batches) {
        super(attempt.committer(), attempt.task(), job.target());
        this.job = job;
        this.attempt = attempt;
        this.batches = batches;
    }

    /** Opens part {@code id.partition()} of a save; {@code conf} as the ApplicationMaster's RecordJobOutput had it. */
    public static RecordOutput open(OutputSpec.Records spec, TaskAttemptId id, Configuration conf)
            throws OutputException {
        RecordJob job = new RecordJob(spec, conf);
        RecordOutput output = null;
        try {
            RecordBatches batches = new RecordBatches(
                    RecordFormats.converter(spec.format().keyConverter(), job.conf())
                            .orElse(null),
                    RecordFormats.converter(spec.format().valueConverter(), job.conf())
                            .orElse(null));
            output = new RecordOutput(job, job.attempt(id.partition(), id.attempt()), batches);
            output.attempt.committer().setupTask(output.attempt.task());
            output.writer = output.attempt.opening().open();
            return output;
        } catch (Exception | LinkageError | FSError e) {
            if (output != null) {
                output.abortQuietly();
            }
            throw explain(job, e);
        }
    }

    @Override
    public void write(ByteBuffer data) throws IOException {
        try {
            batches.take(data, writer::write);
        } catch (Exception | LinkageError | FSError e) {
            throw explain(job, e);
        }
    }

    @Override
    public void finish() throws IOException {
        if (!batches.isComplete()) {
            throw new IOException("the records for " + job.target() + " end within a batch");
        }
        try {
            closeWriter();
        } catch (Exception | LinkageError | FSError e) {
            throw explain(job, e);
        }
    }

    @Override
    boolean isOpen() {
        return writer != null;
    }

    @Override
    void abandon() throws IOException {
        try {
            closeWriter();
        } catch (Exception | LinkageError | FSError e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private void abortQuietly() {
        try {
            abort();
        } catch (IOException e) {
            // why it could not be opened is what counts
        }
    }

    private void closeWriter() throws IOException, InterruptedException {
        RecordSink open = writer;
        writer = null;
        if (open != null) {
            open.close();
        }
    }

    /** In the user's words; what is wrong with a record stays wrong when it is tried again. */
    static OutputException explain(RecordJob job, Throwable cause) {
        if (cause instanceof InterruptedException) {
            Thread.currentThread().interrupt();
            return OutputCommitters.explain(job.target(), new InterruptedIOException("writing was interrupted"));
        }
        String reason = String.valueOf(cause.getMessage());
        boolean wrongRecord = cause instanceof WritableValues.UnwritableException
                || cause instanceof IllegalArgumentException
                || cause instanceof ClassCastException
                || reason.startsWith("wrong key class")
                || reason.startsWith("wrong value class");
        if (wrongRecord || cause instanceof UnusableClassException) {
            String what = cause instanceof ClassCastException ? "a record has the wrong type: " : "";
            return new OutputException(
                    OutputException.UNUSABLE, job.target() + " cannot be written: " + what + reason, cause);
        }
        return OutputCommitters.explain(job.target() + " cannot be written", cause);
    }
}
