package io.weft.master.stages;

import java.util.List;
import java.util.Objects;

/**
 * One pipelined stage. Task {@code i} computes partition {@code partitions.get(i)}.
 *
 * @param id unique in the application
 * @param shuffle the shuffle it writes, -1 for a result stage
 * @param reads shuffles it reads, each whole, in order of first use
 * @param partitions partition numbers to compute: 0..n-1 for map stages, the asked ones for result stages
 * @param preferredHosts per task, hosts that hold its input, best first; empty lists where none is known
 * @param commits true when each task must be granted its commit
 * @param barrier its tasks run all at once or not at all
 * @param name operation and source line of its last step, for people
 * @param share what each task has of its runner
 */
public record Stage(
        int id,
        StageKind kind,
        int shuffle,
        List<Integer> reads,
        List<Integer> partitions,
        List<List<String>> preferredHosts,
        boolean commits,
        boolean barrier,
        String name,
        String site,
        Share share) {
    /**
     * What a task has of its runner.
     *
     * @param processors 0: as many as every task has of which nobody says more
     * @param slots at least one
     * @param profile of the runner
     */
    public record Share(int processors, int slots, Profile profile) {
        public static final Share ONE = new Share(0, 1, Profile.DEFAULT);

        public Share {
            Objects.requireNonNull(profile, "profile is null");
            if (processors < 0 || slots < 1) {
                throw new IllegalArgumentException(processors + " processors, " + slots + " slots");
            }
        }
    }

    /** A stage whose tasks have a slot each. */
    public Stage(
            int id,
            StageKind kind,
            int shuffle,
            List<Integer> reads,
            List<Integer> partitions,
            List<List<String>> preferredHosts,
            boolean commits,
            boolean barrier,
            String name,
            String site) {
        this(id, kind, shuffle, reads, partitions, preferredHosts, commits, barrier, name, site, Share.ONE);
    }

    /** The same whose tasks have another share. */
    public Stage with(Share other) {
        return new Stage(id, kind, shuffle, reads, partitions, preferredHosts, commits, barrier, name, site, other);
    }

    public Stage {
        Objects.requireNonNull(kind, "kind is null");
        Objects.requireNonNull(share, "share is null");
        reads = List.copyOf(reads);
        partitions = List.copyOf(partitions);
        preferredHosts = preferredHosts.stream().map(List::copyOf).toList();
        if (preferredHosts.size() != partitions.size()) {
            throw new IllegalArgumentException(
                    "stage " + id + ": " + partitions.size() + " tasks but hosts for " + preferredHosts.size());
        }
    }
}
