package io.weft.runner.output;

import io.weft.runner.formats.RecordFormats;
import io.weft.runner.formats.RecordFormats.UnusableClassException;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.RecordFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobStatus;
import org.apache.hadoop.mapreduce.lib.output.FileOutputFormat;

/** A save through an OutputFormat as the ApplicationMaster sees it. */
public final class RecordJobOutput implements SavedOutput {
    private final OutputSpec.Records spec;
    private final RecordJob job;
    private final boolean validate;
    private RecordJob.Attempt attempt;

    private RecordJobOutput(OutputSpec.Records spec, RecordJob job, boolean validate) {
        this.validate = validate;
        this.spec = spec;
        this.job = job;
    }

    /** {@code validate}: its folder must not exist, and the format may refuse. */
    public static RecordJobOutput of(OutputSpec.Records spec, Configuration conf, boolean validate) {
        return new RecordJobOutput(spec, new RecordJob(spec, conf), validate);
    }

    /** The folder that is written: the one given, or the one that the settings name. */
    public static Optional<String> path(RecordFormat format, Optional<String> given, Configuration conf) {
        return given.or(() ->
                Optional.ofNullable(RecordFormats.configuration(format, conf).get(FileOutputFormat.OUTDIR)));
    }

    /**
     * The classes of a pair's key and value as they are written.
     *
     * @param batch one batch, as tasks send it
     * @param site such as "saveAsSequenceFile at etl.py:88", for messages
     */
    public static List<String> classes(RecordFormat format, byte[] batch, String site, Configuration hadoop)
            throws OutputException {
        Configuration conf = RecordFormats.configuration(format, hadoop);
        List<String> names = new ArrayList<>();
        try {
            new RecordBatches(
                            RecordFormats.converter(format.keyConverter(), conf).orElse(null),
                            RecordFormats.converter(format.valueConverter(), conf)
                                    .orElse(null))
                    .take(ByteBuffer.wrap(batch), (key, value) -> {
                        names.add(nameOf(key));
                        names.add(nameOf(value));
                    });
            return names;
        } catch (Exception e) {
            String message = "the first record cannot be written (" + site + "); nothing was run: " + e.getMessage();
            throw new OutputException(OutputException.UNUSABLE, message, e);
        }
    }

    private static String nameOf(Object value) {
        return value == null
                ? org.apache.hadoop.io.NullWritable.class.getName()
                : value.getClass().getName();
    }

    @Override
    public void check(String site) throws IOException {
        try {
            if (validate && spec.path().isPresent()) {
                JobOutput.refuseExisting(new Path(spec.path().get()), job.conf(), site);
            }
            if (job.codec().isPresent()) {
                OutputCodecs.check(job.codec().get(), site, job.conf());
            }
            if (validate) {
                job.checkSpecs();
            }
        } catch (UnusableClassException e) {
            throw new OutputException(
                    OutputException.UNUSABLE,
                    job.target() + " cannot be written (" + site + "); nothing was run: " + e.getMessage(),
                    e);
        } catch (IOException | RuntimeException e) {
            throw OutputCommitters.explain(job.target(), site, e);
        }
    }

    @Override
    public void setup(String site) throws IOException {
        try {
            if (spec.path().isPresent()) {
                JobOutput.makeLocalFolder(new Path(spec.path().get()));
            }
            open().committer().setupJob(open().job());
        } catch (IOException | RuntimeException e) {
            throw OutputCommitters.explain(job.target(), site + "; nothing was run", e);
        }
    }

    @Override
    public void commit() throws IOException {
        try {
            open().committer().commitJob(open().job());
        } catch (IOException e) {
            throw OutputCommitters.explain("the output to " + job.target() + " cannot be committed", e);
        }
    }

    @Override
    public void abort() throws IOException {
        open().committer().abortJob(open().job(), JobStatus.State.FAILED);
        if (spec.path().isPresent()) {
            JobOutput.removeEmpty(new Path(spec.path().get()), job.conf());
        }
    }

    private RecordJob.Attempt open() throws IOException {
        if (attempt == null) {
            try {
                attempt = job.attempt(0, 0);
            } catch (UnusableClassException e) {
                throw RecordOutput.explain(job, e);
            }
        }
        return attempt;
    }
}
