package io.weft.runner.task;

import io.weft.runner.input.InputSource;
import io.weft.runner.shuffle.FetchFailedException;
import io.weft.runner.shuffle.ShuffleInput;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A persisted partition, if it is still there. One that cannot be reached is {@link #isMissing() missing}, and the worker computes it;
 * one that breaks off in the middle fails the attempt, since its worker has used what came before, and so does one that is missing when
 * the worker was not told how to compute it.
 */
final class CachedInput implements InputSource {
    private final Optional<ShuffleInput> kept;
    private final boolean computable;
    private boolean begun;
    private volatile boolean missing;

    /** {@code kept}: the partition where it was kept last; empty: nowhere. */
    CachedInput(Optional<ShuffleInput> kept, boolean computable) {
        this.kept = kept;
        this.computable = computable;
        this.missing = kept.isEmpty();
    }

    /** Whether it is known to be nowhere; known for certain when {@link #next} has been called. */
    boolean isMissing() {
        return missing;
    }

    /** The map outputs behind it, for damaged bytes. */
    Optional<ShuffleInput> kept() {
        return kept;
    }

    @Override
    public Optional<Item> next() throws IOException {
        if (missing) {
            if (!computable) {
                throw new FetchFailedException(List.of(), "a persisted partition was lost as the task began", null);
            }
            return Optional.empty();
        }
        try {
            Optional<Item> item = kept.orElseThrow().next();
            begun = true;
            return item;
        } catch (FetchFailedException lost) {
            if (begun || !computable) {
                throw lost;
            }
            missing = true;
            return Optional.empty();
        }
    }

    @Override
    public void close() throws IOException {
        if (kept.isPresent()) {
            kept.get().close();
        }
    }
}
