package io.weft.runner.output;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What one attempt writes: {@link #write} any times, {@link #finish} (all is written, still invisible; now ask for the grant), then
 * {@link #commit} or {@link #abort}. {@link #close} aborts what was not committed. Used by one thread.
 */
public interface PartOutput extends Closeable {
    /** Takes the buffer's remaining bytes. */
    void write(ByteBuffer data) throws IOException;

    /**
     * Says where the records go that come next, and that a file may end here.
     *
     * @param folder inside the output, "" for the output itself
     * @param last no more come for this folder
     */
    default void place(String folder, boolean last) throws IOException {
        throw new IOException("this output has no folders");
    }

    /** Closes what was written, in the attempt's own place still. */
    void finish() throws IOException;

    /** Hands it to the job; only after the ApplicationMaster has granted it to this attempt. */
    void commit() throws IOException;

    /** Removes what this attempt has written. */
    void abort() throws IOException;
}
