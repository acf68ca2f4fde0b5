package io.weft.runner.input;

import java.io.IOException;
import java.util.function.UnaryOperator;

/** Records of any format: its objects, converted, and pickled as PySpark has them. */
final class ConvertedRecords implements PickledRecords {
    /** Half of the records: keys or values. */
    record Column(UnaryOperator<Object> converter, Pickling pickling) {
        void write(Object value) {
            pickling.write(converter.apply(value));
        }
    }

    private final RecordSource source;
    private final boolean pairs;
    private final Column keys;
    private final Column values;

    /** {@code pairs}: keys are wanted, too. */
    ConvertedRecords(RecordSource source, boolean pairs, Column keys, Column values) {
        this.source = source;
        this.pairs = pairs;
        this.keys = keys;
        this.values = values;
    }

    @Override
    public boolean next() throws IOException {
        if (!source.next()) {
            return false;
        }
        if (pairs) {
            keys.write(source.key());
        }
        values.write(source.value());
        return true;
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
