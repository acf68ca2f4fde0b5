package io.weft.runner.protocol;

import java.util.Objects;

/**
 * Where one committed map output is.
 *
 * @param runner id of the runner that made it
 * @param host host of that runner
 * @param blockPort port of the runner's block server, 0 when there is none (in-process runner)
 * @param shufflePort port of the node's mapreduce_shuffle, 0 when there is none
 * @param path the folder with file.out and file.out.index, absolute on {@code host}
 * @param partitions number of partitions in the index
 * @param bytes length of file.out
 */
public record MapOutput(
        MapOutputId id,
        String runner,
        String host,
        int blockPort,
        int shufflePort,
        String path,
        int partitions,
        long bytes) {
    public MapOutput {
        Objects.requireNonNull(id, "id is null");
        Objects.requireNonNull(runner, "runner is null");
        Objects.requireNonNull(host, "host is null");
        Objects.requireNonNull(path, "path is null");
    }
}
