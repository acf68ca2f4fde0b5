package io.weft.master.stages;

import java.util.Optional;

/** Where persisted partitions are. */
public interface KeptHosts {
    /** No partition is kept anywhere. */
    KeptHosts NONE = (rdd, partition) -> Optional.empty();

    /** The host that keeps a partition, if one does. */
    Optional<String> host(int rdd, int partition);
}
