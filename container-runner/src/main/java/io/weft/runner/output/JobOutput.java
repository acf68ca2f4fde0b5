package io.weft.runner.output;

import io.weft.runner.protocol.OutputSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobStatus;
import org.apache.hadoop.mapreduce.lib.output.FileOutputCommitter;

/** A save of text files as the ApplicationMaster sees it. */
public final class JobOutput implements SavedOutput {
    private static final String S3A_COMMITTER = "fs.s3a.committer.name";

    private final OutputSpec.TextFile spec;
    private final Configuration configuration;
    private final boolean validate;
    private OutputCommitters.Committer committer;

    private JobOutput(OutputSpec.TextFile spec, Configuration configuration, boolean validate) {
        this.validate = validate;
        this.spec = spec;
        this.configuration = configuration;
    }

    /** {@code validate}: its folder must not exist. */
    public static JobOutput of(OutputSpec.TextFile spec, Configuration conf, boolean validate) {
        Objects.requireNonNull(spec, "spec is null");
        return new JobOutput(spec, OutputCommitters.configuration(spec, conf), validate);
    }

    /**
     * The path as tasks must be given it: with its file system and from its root, so that all of them mean the same.
     *
     * @param site such as "saveAsTextFile at etl.py:88", for error messages
     */
    public static String qualify(String path, String site, Configuration conf) throws OutputException {
        try {
            Path given = new Path(path);
            return given.getFileSystem(conf).makeQualified(given).toString();
        } catch (IOException | IllegalArgumentException e) {
            throw OutputCommitters.explain(path, site, e);
        }
    }

    @Override
    public void check(String site) throws IOException {
        Path path = new Path(spec.path());
        try {
            if (validate) {
                refuseExisting(path, configuration, site);
            }
            if (spec.codec().isPresent()) {
                OutputCodecs.check(spec.codec().get(), site, configuration);
            }
            if ("s3a".equals(path.toUri().getScheme()) && "file".equals(configuration.get(S3A_COMMITTER, "file"))) {
                String message = "Writing to " + path + " (" + site
                        + ") needs a committer that is safe on S3; nothing was run. Set" + " " + S3A_COMMITTER
                        + "=magic.";
                throw new OutputException(OutputException.REFUSED, message, null);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw OutputCommitters.explain(spec.path(), site, e);
        }
    }

    /** Fails with E03 where something is in the output's place. */
    static void refuseExisting(Path path, Configuration conf, String site) throws IOException {
        FileSystem files = path.getFileSystem(conf);
        if (files.exists(path)) {
            String message = files.makeQualified(path) + " exists (" + site
                    + "); nothing was run.\nDelete it, or choose another path.";
            throw new OutputException(OutputException.EXISTS, message, null);
        }
    }

    @Override
    public void setup(String site) throws IOException {
        try {
            makeLocalFolder(new Path(spec.path()));
            open().committer().setupJob(open().context());
        } catch (IOException | IllegalArgumentException e) {
            throw OutputCommitters.explain(spec.path(), site + "; nothing was run", e);
        }
    }

    /** Hadoop's committer only logs that a local folder cannot be made, and never says why. */
    static void makeLocalFolder(Path path) throws IOException {
        if ("file".equals(path.toUri().getScheme())) {
            Files.createDirectories(
                    java.nio.file.Path.of(path.toUri().getPath(), FileOutputCommitter.PENDING_DIR_NAME));
        }
    }

    /** Makes all committed parts visible, and writes _SUCCESS. */
    @Override
    public void commit() throws IOException {
        try {
            open().committer().commitJob(open().context());
        } catch (IOException e) {
            throw OutputCommitters.explain("the output to " + spec.path() + " cannot be committed", e);
        }
    }

    /** Removes what tasks have written; the output's folder stays, as it does in Hadoop, unless it is empty. */
    @Override
    public void abort() throws IOException {
        open().committer().abortJob(open().context(), JobStatus.State.FAILED);
        removeEmpty(new Path(spec.path()), configuration);
    }

    static void removeEmpty(Path path, Configuration conf) throws IOException {
        FileSystem files = path.getFileSystem(conf);
        if (files.exists(path) && files.listStatus(path).length == 0) {
            files.delete(path, false);
        }
    }

    private OutputCommitters.Committer open() throws IOException {
        if (committer == null) {
            committer = OutputCommitters.open(spec, 0, 0, configuration);
        }
        return committer;
    }
}
