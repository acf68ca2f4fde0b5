package io.weft.runner.output;

import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.hadoop.conf.Configuration;

/**
 * One attempt's part file: {@link #write} any times, {@link #finish} (file closed, still invisible; now ask for the grant), then
 * {@link #commit} or {@link #abort}. {@link #close} aborts what was not committed.
 */
public final class TextOutput implements Closeable {
    public static TextOutput open(OutputSpec.TextFile spec, TaskAttemptId id, Configuration conf) throws IOException {
        throw new UnsupportedOperationException();
    }

    public void write(ByteBuffer bytes) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Bytes of text written so far, before compression. */
    public long bytes() {
        throw new UnsupportedOperationException();
    }

    public void finish() throws IOException {
        throw new UnsupportedOperationException();
    }

    public void commit() throws IOException {
        throw new UnsupportedOperationException();
    }

    public void abort() throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
