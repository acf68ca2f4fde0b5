package io.weft.runner.task;

import io.weft.runner.input.InputSource;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.shuffle.FetchFailedException;
import io.weft.runner.shuffle.ShuffleInput;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A persisted partition, if it is still there, from the first of its copies that can be reached. When none can, it is
 * {@link #isMissing() missing}, and the worker computes it; one that breaks off in the middle fails the attempt, since its worker has
 * used what came before, and so does one that is missing when the worker was not told how to compute it.
 */
final class CachedInput implements InputSource {
    private final List<MapOutput> kept;
    private final Function<MapOutput, ShuffleInput> open;
    private final boolean computable;

    /** How many copies were opened; the last of them is read. Guarded by this object, as the next two. */
    private int opened;

    private Optional<ShuffleInput> input = Optional.empty();
    private boolean closed;
    private boolean begun;
    private volatile boolean missing;

    /** {@code kept}: where the partition was kept last, best first; empty: nowhere. */
    CachedInput(List<MapOutput> kept, Function<MapOutput, ShuffleInput> open, boolean computable) {
        this.kept = List.copyOf(kept);
        this.open = open;
        this.computable = computable;
        this.missing = kept.isEmpty();
    }

    /** Whether it is known to be nowhere; known for certain when {@link #next} has been called. */
    boolean isMissing() {
        return missing;
    }

    /** The copy that is read, for damaged bytes. */
    synchronized Optional<MapOutput> read() {
        return opened == 0 ? Optional.empty() : Optional.of(kept.get(opened - 1));
    }

    @Override
    public Optional<Item> next() throws IOException {
        if (missing && !computable) {
            throw new FetchFailedException(List.of(), "a persisted partition was lost as the task began", null);
        }
        while (!missing) {
            Optional<ShuffleInput> source = source();
            if (source.isEmpty()) {
                return Optional.empty();
            }
            try {
                Optional<Item> item = source.get().next();
                begun = true;
                return item;
            } catch (FetchFailedException lost) {
                tryAnother(lost);
            }
        }
        return Optional.empty();
    }

    private synchronized Optional<ShuffleInput> source() {
        if (!closed && input.isEmpty()) {
            input = Optional.of(open.apply(kept.get(opened)));
            opened++;
        }
        return closed ? Optional.empty() : input;
    }

    private synchronized void tryAnother(FetchFailedException lost) throws IOException {
        boolean last = opened == kept.size();
        if (begun || (last && !computable)) {
            throw lost;
        }
        if (input.isPresent()) {
            input.get().close();
            input = Optional.empty();
        }
        missing = last;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        if (input.isPresent()) {
            input.get().close();
        }
    }
}
