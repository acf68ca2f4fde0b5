package io.weft.runner.output;

import java.io.IOException;
import org.apache.hadoop.mapred.Reporter;
import org.apache.hadoop.mapreduce.TaskAttemptContext;

/** A format's writer, of either of Hadoop's interfaces. */
interface RecordSink {
    /** Nobody listens: the worker's own connection tells that a task is alive. */
    Reporter REPORTER = Reporter.NULL;

    void write(Object key, Object value) throws IOException, InterruptedException;

    void close() throws IOException, InterruptedException;

    @SuppressWarnings("unchecked") // the format's own types are not known here
    static RecordSink of(org.apache.hadoop.mapreduce.RecordWriter<?, ?> writer, TaskAttemptContext context) {
        var open = (org.apache.hadoop.mapreduce.RecordWriter<Object, Object>) writer;
        return new RecordSink() {
            @Override
            public void write(Object key, Object value) throws IOException, InterruptedException {
                open.write(key, value);
            }

            @Override
            public void close() throws IOException, InterruptedException {
                open.close(context);
            }
        };
    }

    @SuppressWarnings("unchecked") // the format's own types are not known here
    static RecordSink of(org.apache.hadoop.mapred.RecordWriter<?, ?> writer) {
        var open = (org.apache.hadoop.mapred.RecordWriter<Object, Object>) writer;
        return new RecordSink() {
            @Override
            public void write(Object key, Object value) throws IOException {
                open.write(key, value);
            }

            @Override
            public void close() throws IOException {
                open.close(REPORTER);
            }
        };
    }
}
