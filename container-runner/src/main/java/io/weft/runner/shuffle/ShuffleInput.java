package io.weft.runner.shuffle;

import io.weft.runner.input.InputSource;
import io.weft.runner.protocol.MapOutputId;
import java.io.IOException;
import java.util.Optional;

/** The parts of one shuffle that one task asked for; {@link #next()} throws {@link FetchFailedException} when a map is lost. */
public final class ShuffleInput implements InputSource {
    /** Which map output a byte of this stream came from, counted over all items delivered; for damaged data found by a worker. */
    public Optional<MapOutputId> mapAt(long streamOffset) {
        throw new UnsupportedOperationException();
    }

    /** The output of map {@code map}. */
    public MapOutputId outputOf(int map) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Item> next() throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
