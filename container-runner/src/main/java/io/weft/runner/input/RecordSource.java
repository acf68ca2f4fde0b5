package io.weft.runner.input;

import java.io.Closeable;
import java.io.IOException;

/** Records of one split. One thread; objects may be used again for the next record. */
interface RecordSource extends Closeable {
    /** Goes to the next record; false at the end. */
    boolean next() throws IOException;

    Object key() throws IOException;

    Object value() throws IOException;
}
