package io.weft.runner.input;

import java.io.IOException;
import java.io.InterruptedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.InputFormat;
import org.apache.hadoop.mapreduce.InputSplit;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;

/** Records of a format of org.apache.hadoop.mapreduce. */
final class MapreduceRecords implements RecordSource {
    private final RecordReader<?, ?> reader;

    MapreduceRecords(InputFormat<?, ?> format, InputSplit split, Configuration conf) throws IOException {
        TaskAttemptContext context = new TaskAttemptContextImpl(conf, new TaskAttemptID());
        try {
            reader = format.createRecordReader(split, context);
            reader.initialize(split, context);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    @Override
    public boolean next() throws IOException {
        try {
            return reader.nextKeyValue();
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    @Override
    public Object key() throws IOException {
        try {
            return reader.getCurrentKey();
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    @Override
    public Object value() throws IOException {
        try {
            return reader.getCurrentValue();
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    private static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("reading was interrupted");
    }
}
