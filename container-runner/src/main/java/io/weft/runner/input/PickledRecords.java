package io.weft.runner.input;

import java.io.Closeable;
import java.io.IOException;

/** Records of one split, pickled one after the other into buffers for keys and for values. One thread. */
interface PickledRecords extends Closeable {
    /** Appends the next record, its key only where keys are wanted; false at the end. */
    boolean next() throws IOException;
}
