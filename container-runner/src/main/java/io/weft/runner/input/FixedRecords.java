package io.weft.runner.input;

import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.mapreduce.InputSplit;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;

/** Files of records of one length, cut between records. Public for Hadoop, which makes it by its name. */
public final class FixedRecords extends FileInputFormat<NullWritable, BytesWritable> {
    /** Bytes of a record. */
    public static final String LENGTH = "weft.records.length";

    private int length = 1;

    @Override
    protected boolean isSplitable(JobContext context, Path file) {
        length = length(context.getConfiguration()); // computeSplitSize, which comes next, is not told
        return true;
    }

    @Override
    protected long computeSplitSize(long blockSize, long minSize, long maxSize) {
        long usual = super.computeSplitSize(blockSize, minSize, maxSize);
        return Math.max(1, usual / length) * length;
    }

    @Override
    public RecordReader<NullWritable, BytesWritable> createRecordReader(InputSplit split, TaskAttemptContext context) {
        return new Reader();
    }

    private static int length(Configuration conf) {
        int length = conf.getInt(LENGTH, 0);
        if (length <= 0) {
            throw new IllegalArgumentException(LENGTH + " is " + length + ", which is not positive");
        }
        return length;
    }

    private static final class Reader extends RecordReader<NullWritable, BytesWritable> {
        private final BytesWritable value = new BytesWritable();
        private InputStream stream;
        private byte[] record;
        private long position;
        private long start;
        private long end;

        @Override
        public void initialize(InputSplit split, TaskAttemptContext context) throws IOException {
            FileSplit file = (FileSplit) split;
            Configuration conf = context.getConfiguration();
            if (new TextCodecs(conf).find(file.getPath()).isPresent()) {
                throw new IllegalStateException(
                        "records of one length are not read from compressed files; unpack it first");
            }
            record = new byte[length(conf)];
            start = file.getStart();
            end = start + file.getLength();
            position = start;
            stream = new java.io.BufferedInputStream(
                    FileRanges.open(file.getPath(), start, end, conf), Math.max(record.length, 256 << 10));
        }

        @Override
        public boolean nextKeyValue() throws IOException {
            if (position >= end) {
                return false;
            }
            int count = stream.readNBytes(record, 0, record.length);
            if (count < record.length) {
                throw new IllegalStateException(
                        "the last record has " + count + " of " + record.length + " bytes (recordLength)");
            }
            value.set(record, 0, record.length);
            position += record.length;
            return true;
        }

        @Override
        public NullWritable getCurrentKey() {
            return NullWritable.get();
        }

        @Override
        public BytesWritable getCurrentValue() {
            return value;
        }

        @Override
        public float getProgress() {
            return end == start ? 1 : (float) (position - start) / (end - start);
        }

        @Override
        public void close() throws IOException {
            if (stream != null) {
                stream.close();
            }
        }
    }
}
