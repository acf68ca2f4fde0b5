package io.weft.runner.output;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.io.ArrayWritable;
import org.apache.hadoop.io.BooleanWritable;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.DoubleWritable;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.MapWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.Writable;

/** The Writables that PySpark writes for Python's values. A new one each time: formats may hold on to them. */
final class WritableValues implements Values {
    @Override
    public Object none() {
        return NullWritable.get();
    }

    @Override
    public Object bool(boolean value) {
        return new BooleanWritable(value);
    }

    @Override
    public Object integer(int value) {
        return new IntWritable(value);
    }

    @Override
    public Object integer(long value) {
        return new LongWritable(value);
    }

    @Override
    public Object integer(BigInteger value) {
        throw unwritable("the integer " + value + ", which has more than 64 bits,", "Write its text.");
    }

    @Override
    public Object real(double value) {
        return new DoubleWritable(value);
    }

    @Override
    public Object text(byte[] from, int start, int length) {
        Text text = new Text();
        text.set(from, start, length);
        return text;
    }

    @Override
    public Object bytes(byte[] from, int start, int length) {
        BytesWritable bytes = new BytesWritable();
        bytes.set(from, start, length);
        return bytes;
    }

    @Override
    public Object tuple(Object[] values) {
        Writable[] writables = new Writable[values.length];
        System.arraycopy(values, 0, writables, 0, values.length);
        return new ArrayWritable(Writable.class, writables);
    }

    @Override
    public Object list(List<Object> values) {
        throw unwritable("a list", "Write a tuple, which becomes an ArrayWritable, or name a converter.");
    }

    @Override
    public Object set(Set<Object> values) {
        throw unwritable("a set", "Write a sorted tuple, or name a converter.");
    }

    @Override
    public Object dict(Map<Object, Object> values) {
        MapWritable map = new MapWritable();
        values.forEach((key, value) -> map.put((Writable) key, (Writable) value));
        return map;
    }

    @Override
    public Object array(Object array) {
        throw unwritable("an array.array", "Name a converter, such as valueConverter=\"com.example.MyConverter\".");
    }

    private static UnwritableException unwritable(String what, String instead) {
        return new UnwritableException(what + " has no Writable. " + instead);
    }

    /** A value that cannot be written; its message is for the user. */
    static final class UnwritableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnwritableException(String message) {
            super(message);
        }
    }
}
