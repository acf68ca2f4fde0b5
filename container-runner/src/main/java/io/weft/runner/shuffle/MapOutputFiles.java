package io.weft.runner.shuffle;

import io.weft.runner.protocol.MapOutputId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The map outputs of one runner, in its output folders. Thread-safe. */
public final class MapOutputFiles {
    /** What was published: the folder, absolute. */
    public record Published(Path path, int partitions, long bytes) {}

    /** {@code folders}: one per disk, made when absent; none in the ApplicationMaster. */
    public MapOutputFiles(List<Path> folders) throws IOException {}

    /** Checks what the worker left in {@code temporary}, and renames it to its id beside it; deletes it when it is wrong. */
    public Published publish(Path temporary, MapOutputId id) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** The folder of a published output. */
    public Optional<Path> find(String id) {
        throw new UnsupportedOperationException();
    }

    /** Deletes the outputs of a shuffle. */
    public void drop(int shuffle) {
        throw new UnsupportedOperationException();
    }

    /** Deletes all outputs, also unpublished ones. */
    public void dropAll() {
        throw new UnsupportedOperationException();
    }
}
