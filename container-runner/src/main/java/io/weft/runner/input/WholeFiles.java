package io.weft.runner.input;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.InputSplit;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.lib.input.CombineFileInputFormat;

/**
 * Puts whole files together into splits, by the rules of PySpark's wholeTextFiles and binaryFiles; {@link FilesInput} reads them.
 * Public for Hadoop, which makes it by its name.
 */
public final class WholeFiles extends CombineFileInputFormat<Text, BytesWritable> {
    /** How many splits are wanted. */
    public static final String WANTED = "weft.files.partitions";
    /** Whether opening a file counts as reading so much, and splits have a limit: binaryFiles. */
    public static final String BINARY = "weft.files.binary";

    private static final long OPEN_COST_BYTES = 4L << 20;
    private static final long MOST_BYTES = 128L << 20;

    @Override
    protected boolean isSplitable(JobContext context, Path file) {
        return false;
    }

    @Override
    public List<InputSplit> getSplits(JobContext context) throws IOException {
        Configuration conf = context.getConfiguration();
        boolean binary = conf.getBoolean(BINARY, false);
        int wanted = Math.max(1, conf.getInt(WANTED, 1));
        long total = 0;
        for (FileStatus file : listStatus(context)) {
            total += file.isDirectory() ? 0 : file.getLen() + (binary ? OPEN_COST_BYTES : 0);
        }
        long each = binary
                ? Math.min(MOST_BYTES, Math.max(OPEN_COST_BYTES, total / wanted))
                : (total + wanted - 1) / wanted;
        if (each < conf.getLong(SPLIT_MINSIZE_PERNODE, 0)) {
            setMinSplitSizeNode(each);
        }
        if (each < conf.getLong(SPLIT_MINSIZE_PERRACK, 0)) {
            setMinSplitSizeRack(each);
        }
        setMaxSplitSize(each);
        return super.getSplits(context);
    }

    /** Never asked for: {@link FilesInput} reads the splits, in pieces, since a file may be larger than memory. */
    @Override
    public RecordReader<Text, BytesWritable> createRecordReader(InputSplit split, TaskAttemptContext context) {
        throw new UnsupportedOperationException("whole files are not read as records");
    }
}
