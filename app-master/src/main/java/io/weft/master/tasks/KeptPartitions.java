package io.weft.master.tasks;

import io.weft.runner.protocol.MapOutput;
import java.util.List;
import java.util.Optional;

/** Where the persisted partitions lie that a task may read instead of computing them. */
public interface KeptPartitions {
    /** No partition is kept anywhere. */
    KeptPartitions NONE = (rdd, partition) -> Optional.empty();

    /** A partition that is about to be read, if it is kept. */
    Optional<MapOutput> find(int rdd, int partition);

    /** Further copies of it. */
    default List<MapOutput> copies(int rdd, int partition) {
        return List.of();
    }
}
