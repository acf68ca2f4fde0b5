package io.weft.master.splits;

import io.weft.runner.formats.RecordFormats;
import io.weft.runner.formats.RecordFormats.UnusableClassException;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.RecordFormat;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.Writable;
import org.apache.hadoop.io.serializer.SerializationFactory;
import org.apache.hadoop.io.serializer.Serializer;
import org.apache.hadoop.mapred.JobConf;
import org.apache.hadoop.mapreduce.JobID;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.task.JobContextImpl;
import org.apache.hadoop.util.StringUtils;

/** Asks InputFormats for their splits, in their order and without those of no bytes, as PySpark does. Thread-safe. */
public final class FormatLister {
    private static final String THREADS = FileInputFormat.LIST_STATUS_NUM_THREADS;
    private static final int LIST_THREADS = 8;
    private static final int MAX_HOSTS = 8;
    private static final String LOCALHOST = "localhost";

    private final Configuration hadoop;
    private final boolean localFirst;

    /** {@code localFirst}: a path without scheme that exists on this machine is read as file: (local modes). */
    public FormatLister(Configuration hadoop, boolean localFirst) {
        this.hadoop = Objects.requireNonNull(hadoop, "hadoop is null");
        this.localFirst = localFirst;
    }

    /** A split of either of Hadoop's interfaces. */
    private record Found(Object split, long length, String[] hosts) {}

    /**
     * @param paths as the user gave them; empty: the format's settings name them, or it reads no files
     * @param classes classes of keys and values, which must exist
     * @param minPartitions a hint that formats of org.apache.hadoop.mapred are given
     * @param site such as "sequenceFile at etl.py:12", for error messages
     * @throws SplitException when a class or an input is missing, or cannot be listed
     */
    public List<FormatSplit> list(
            RecordFormat format, Optional<String> paths, List<String> classes, int minPartitions, String site)
            throws IOException {
        String what = paths.orElse("the input of " + format.name());
        try {
            JobConf conf = RecordFormats.configuration(format, hadoop);
            if (conf.get(THREADS) == null) {
                conf.setInt(THREADS, LIST_THREADS);
            }
            for (String name : classes) {
                RecordFormats.find(name, Object.class, conf);
            }
            RecordFormats.converter(format.keyConverter(), conf);
            RecordFormats.converter(format.valueConverter(), conf);
            if (paths.isPresent()) {
                conf.set(FileInputFormat.INPUT_DIR, qualified(paths.get(), conf));
            }
            List<FormatSplit> splits = new ArrayList<>();
            for (Found found : format.mapreduce() ? mapreduce(format, conf) : mapred(format, conf, minPartitions)) {
                if (found.length() > 0 || format.view().isOfFiles()) {
                    InputSpec.Records input = new InputSpec.Records(
                            format, found.split().getClass().getName(), bytes(found.split(), conf));
                    splits.add(new FormatSplit(input, hosts(found.hosts())));
                }
            }
            return splits;
        } catch (UnusableClassException e) {
            String message = what + " cannot be read (" + site + "): " + e.getMessage() + ".";
            throw new SplitException(SplitException.UNUSABLE, message, e);
        } catch (IOException | RuntimeException e) {
            explainMissing(e, paths, site);
            throw SplitLister.explain(e, what, site);
        } catch (LinkageError e) {
            String message =
                    what + " cannot be read (" + site + "): a class that " + format.name() + " needs is missing: " + e;
            throw new SplitException(SplitException.UNUSABLE, message, e);
        }
    }

    private static List<Found> mapred(RecordFormat format, JobConf conf, int minPartitions)
            throws IOException, UnusableClassException {
        List<Found> found = new ArrayList<>();
        var input = RecordFormats.make(format.name(), org.apache.hadoop.mapred.InputFormat.class, conf);
        for (org.apache.hadoop.mapred.InputSplit split : input.getSplits(conf, minPartitions)) {
            found.add(new Found(split, split.getLength(), split.getLocations()));
        }
        return found;
    }

    private static List<Found> mapreduce(RecordFormat format, JobConf conf) throws IOException, UnusableClassException {
        List<Found> found = new ArrayList<>();
        org.apache.hadoop.mapreduce.InputFormat<?, ?> input =
                RecordFormats.make(format.name(), org.apache.hadoop.mapreduce.InputFormat.class, conf);
        try {
            for (org.apache.hadoop.mapreduce.InputSplit split :
                    input.getSplits(new JobContextImpl(conf, new JobID()))) {
                found.add(new Found(split, split.getLength(), split.getLocations()));
            }
            return found;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("listing was interrupted");
        }
    }

    /** Names that block stores make up help no placement. */
    private static List<String> hosts(String[] named) {
        if (named == null) {
            return List.of();
        }
        return Arrays.stream(named)
                .filter(host -> host != null && !host.equals(LOCALHOST))
                .limit(MAX_HOSTS)
                .toList();
    }

    /** With file system and from the root, so that all runners mean the same. */
    private String qualified(String paths, Configuration conf) throws IOException {
        List<String> all = new ArrayList<>();
        for (String part : InputFiles.splitAtCommas(paths)) {
            Path given = new Path(part);
            FileSystem files = given.getFileSystem(conf);
            if (localFirst && given.toUri().getScheme() == null && !"file".equals(files.getScheme())) {
                FileSystem local = FileSystem.getLocal(conf);
                var matches = local.globStatus(local.makeQualified(given));
                files = matches != null && matches.length > 0 ? local : files;
            }
            all.add(StringUtils.escapeString(files.makeQualified(given).toString()));
        }
        return String.join(",", all);
    }

    /** What FileInputFormat says of a missing input has neither the user's line nor what its folder holds. */
    private void explainMissing(Exception e, Optional<String> paths, String site) throws IOException {
        boolean missing = e instanceof org.apache.hadoop.mapred.InvalidInputException
                || e instanceof org.apache.hadoop.mapreduce.lib.input.InvalidInputException;
        if (missing && paths.isPresent()) {
            new InputFiles(hadoop, localFirst, site).list(paths.get());
        }
        if (missing) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new SplitException(SplitException.UNUSABLE, reason + " (" + site + ")", e);
        }
    }

    private static byte[] bytes(Object split, Configuration conf) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (split instanceof Writable writable) {
            writable.write(new DataOutputStream(bytes));
            return bytes.toByteArray();
        }
        @SuppressWarnings("unchecked") // a serializer takes what it was asked for
        Serializer<Object> writer =
                (Serializer<Object>) new SerializationFactory(conf).getSerializer((Class<Object>) split.getClass());
        writer.open(bytes);
        writer.serialize(split);
        writer.close();
        return bytes.toByteArray();
    }
}
