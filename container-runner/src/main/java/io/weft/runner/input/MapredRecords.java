package io.weft.runner.input;

import java.io.IOException;
import org.apache.hadoop.mapred.InputFormat;
import org.apache.hadoop.mapred.InputSplit;
import org.apache.hadoop.mapred.JobConf;
import org.apache.hadoop.mapred.RecordReader;
import org.apache.hadoop.mapred.Reporter;

/** Records of a format of org.apache.hadoop.mapred. */
final class MapredRecords implements RecordSource {
    private final RecordReader<Object, Object> reader;
    private final Object key;
    private final Object value;

    @SuppressWarnings("unchecked") // the format's own types are not known here
    MapredRecords(InputFormat<?, ?> format, InputSplit split, JobConf conf) throws IOException {
        reader = (RecordReader<Object, Object>) format.getRecordReader(split, conf, Reporter.NULL);
        key = reader.createKey();
        value = reader.createValue();
    }

    @Override
    public boolean next() throws IOException {
        return reader.next(key, value);
    }

    @Override
    public Object key() {
        return key;
    }

    @Override
    public Object value() {
        return value;
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
