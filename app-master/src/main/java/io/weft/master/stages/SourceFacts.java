package io.weft.master.stages;

import java.util.Collections;
import java.util.List;

/**
 * What is known of a TextSource once its paths were looked up, or of data that prefers hosts.
 *
 * @param preferredHosts per partition, hosts that hold its input, best first; its size is the number of partitions
 */
public record SourceFacts(List<List<String>> preferredHosts) {
    public SourceFacts {
        preferredHosts = preferredHosts.stream().map(List::copyOf).toList();
    }

    /** Facts of a source whose {@code partitions} partitions lie nowhere in particular. */
    public static SourceFacts nowhere(int partitions) {
        return new SourceFacts(Collections.nCopies(partitions, List.of()));
    }

    public int partitions() {
        return preferredHosts.size();
    }
}
