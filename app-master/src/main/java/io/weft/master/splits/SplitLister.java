package io.weft.master.splits;

import io.weft.runner.output.SilentHost;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;

/**
 * Lists the splits of text inputs: as many, cut at the same bytes, as Hadoop's mapred TextInputFormat gives, without those of no bytes
 * (as PySpark), and on demand with small files put together. Their order is that of the paths as given; what a pattern or folder stands for is sorted by name. Thread-safe.
 */
public final class SplitLister {
    private final Configuration conf;
    private final boolean localFirst;

    /** {@code localFirst}: a path without scheme that exists on this machine is read as file: (local modes). */
    public SplitLister(Configuration conf, boolean localFirst) {
        this.conf = Objects.requireNonNull(conf, "conf is null");
        this.localFirst = localFirst;
    }

    /**
     * @param paths as the user gave them: comma list, globs, folders
     * @param minPartitions how many splits are wanted at least; a hint, as in Hadoop
     * @param splitBytes up to what size small files are put together into one split; 0: each has its own, as in Hadoop
     * @param site such as "textFile at etl.py:12", for error messages
     * @throws SplitException when an input is missing or cannot be listed
     */
    public Listing list(String paths, int minPartitions, long splitBytes, String site) throws IOException {
        return list(paths, minPartitions, splitBytes, site, false);
    }

    /** {@code raw}: files of a format that can be read from anywhere, whatever their names end with. */
    public Listing list(String paths, int minPartitions, long splitBytes, String site, boolean raw) throws IOException {
        SplitCutter cutter = new SplitCutter(conf, raw);
        return list(
                paths,
                site,
                files -> splitBytes > 0 && files.size() > 1
                        ? cutter.combine(files, minPartitions, splitBytes)
                        : cutter.cut(files, minPartitions));
    }

    /** Each file is one split, also one without bytes, which has no range. */
    public Listing listWhole(String paths, String site) throws IOException {
        return list(paths, site, SplitCutter::whole);
    }

    /** How files become splits. */
    private interface Cut {
        List<Split> of(List<LocatedFileStatus> files) throws IOException;
    }

    private Listing list(String paths, String site, Cut cut) throws IOException {
        try {
            InputFiles input = new InputFiles(conf, localFirst, site);
            return new Listing(cut.of(input.list(paths)), input.skipped());
        } catch (SplitException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw explain(e, paths, site);
        }
    }

    /** HDFS appends its own stack to what it says. */
    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    static SplitException explain(Exception e, String paths, String site) {
        String reason = " (" + site + "): " + firstLine(e);
        if (e instanceof AccessControlException || reason.contains("Permission denied")) {
            return new SplitException(SplitException.REFUSED, paths + " may not be read" + reason, e);
        }
        if (e instanceof FileNotFoundException) {
            return new SplitException(SplitException.MISSING, paths + " went away while it was listed" + reason, e);
        }
        Optional<String> silent = SilentHost.explain(e, paths, site);
        if (silent.isPresent()) {
            return new SplitException(SplitException.SILENT, silent.get(), e);
        }
        if (e.getCause() instanceof URISyntaxException wrong && wrong.getInput().indexOf(':') >= 0) {
            String message = String.format(
                    "%s cannot be read (%s): the name %s has a colon, which Hadoop's paths do not allow."
                            + " Rename it, or name other files.",
                    paths, site, wrong.getInput());
            return new SplitException(SplitException.MISSING, message, e);
        }
        if (e.getCause() instanceof ClassNotFoundException missing) {
            String message = String.format(
                    "%s cannot be read (%s): %s. Its file system is not part of Weft; copy the input to another one.",
                    paths, site, missing.getMessage());
            return new SplitException(SplitException.MISSING, message, e);
        }
        boolean unusable = String.valueOf(e.getMessage()).startsWith("Incomplete HDFS URI");
        if (unusable || e instanceof UnsupportedFileSystemException || e instanceof IllegalArgumentException) {
            return new SplitException(SplitException.MISSING, paths + " cannot be read" + reason, e);
        }
        return new SplitException(SplitException.FAILED, paths + " cannot be listed" + reason, e);
    }
}
