package io.weft.runner.input;

import io.weft.runner.formats.RecordFormats.UnusableClassException;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.FSError;

/**
 * An input whose readers must not be closed under a read, since decompressors are shared through a pool: who closes it meanwhile leaves
 * that to the reading thread, which does it when its read has ended. Failures are explained in one place.
 */
abstract class GuardedInput implements InputSource {
    /** A thread is in {@link #next()}. Guarded by this. */
    private boolean reading;
    /** Guarded by this. */
    private boolean closed;

    /** The next item, or empty at the end; only one thread at a time, and none in {@link #release()}. */
    abstract Optional<Item> read() throws IOException, UnusableClassException;

    /** Closes what is open; harmless when repeated. */
    abstract void release() throws IOException;

    /** What a failure of {@link #read()} means. */
    abstract InputException explain(Exception e);

    @Override
    public final Optional<Item> next() throws IOException {
        synchronized (this) {
            if (closed) {
                return Optional.empty();
            }
            reading = true;
        }
        try {
            return read();
        } catch (IOException | RuntimeException | UnusableClassException e) {
            throw explain(e);
        } catch (FSError e) { // what Hadoop's local file system throws when a disk fails
            throw explain(e.getCause() instanceof IOException cause ? cause : new IOException(e));
        } finally {
            boolean closedMeanwhile;
            synchronized (this) {
                reading = false;
                closedMeanwhile = closed;
            }
            if (closedMeanwhile) {
                release();
            }
        }
    }

    /** Another thread may close; a read under way then ends first. */
    @Override
    public final void close() throws IOException {
        synchronized (this) {
            closed = true;
            if (reading) {
                return;
            }
        }
        release();
    }
}
