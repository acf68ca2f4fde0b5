package io.weft.runner.shuffle;

import java.util.concurrent.atomic.AtomicLong;

/** What one input may hold in memory before it is its turn: within a limit of its own, and one for all inputs of the runner. Thread-safe. */
final class AheadBudget {
    private final long maxBytes;
    /** Bytes that all inputs together may still take. */
    private final AtomicLong shared;
    /** Bytes taken by this input. Guarded by this. */
    private long used;

    private boolean closed;

    AheadBudget(long maxBytes, AtomicLong shared) {
        this.maxBytes = maxBytes;
        this.shared = shared;
    }

    /** Takes {@code bytes} if both limits allow it. */
    synchronized boolean reserve(long bytes) {
        if (closed || used + bytes > maxBytes) {
            return false;
        }
        if (shared.addAndGet(-bytes) < 0) {
            shared.addAndGet(bytes);
            return false;
        }
        used += bytes;
        return true;
    }

    /** Gives back what was taken; after {@link #close()} that has happened already. */
    synchronized void release(long bytes) {
        if (!closed) {
            used -= bytes;
            shared.addAndGet(bytes);
        }
    }

    synchronized void close() {
        if (!closed) {
            closed = true;
            shared.addAndGet(used);
        }
    }
}
