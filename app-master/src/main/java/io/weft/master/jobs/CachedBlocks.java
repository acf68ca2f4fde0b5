package io.weft.master.jobs;

import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanNode;
import io.weft.master.stages.KeptHosts;
import io.weft.master.tasks.KeptPartitions;
import io.weft.runner.protocol.MapOutput;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where the partitions of persisted RDDs lie, and which of them must go when a runner keeps too much: those of other RDDs than the
 * newest's, the least recently read first; a partition that would need one of its own RDD to go is not kept itself. Only partitions of
 * RDDs that may be dropped count and go. A lost partition is no failure: whoever needs it computes it. Thread-safe.
 */
public final class CachedBlocks implements KeptHosts, KeptPartitions {
    private record Key(int rdd, int partition) {}

    private final long droppableBytes;

    /** The newest place of each partition, least recently read first. */
    private final Map<Key, MapOutput> places = new LinkedHashMap<>(16, 0.75f, true);

    private final Set<Integer> persisted = new HashSet<>();
    private final Set<Integer> droppable = new HashSet<>();

    /** Bytes of droppable partitions by runner. */
    private final Map<String, Long> heldBytes = new HashMap<>();

    /** {@code droppableBytes}: what one runner may keep of droppable partitions. */
    public CachedBlocks(long droppableBytes) {
        this.droppableBytes = droppableBytes;
    }

    /** Notes which RDDs the plan persists, and how. */
    synchronized void learn(Plan plan) {
        for (PlanNode node : plan.nodes()) {
            if (node instanceof PlanNode.Cached cached) {
                int rdd = cached.origin().rdd();
                persisted.add(rdd);
                if (cached.droppable()) {
                    droppable.add(rdd);
                } else if (droppable.contains(rdd)) {
                    places.values().stream()
                            .filter(place -> key(place).rdd() == rdd)
                            .forEach(this::forget);
                    droppable.remove(rdd);
                }
            }
        }
    }

    /** A runner keeps a partition now; gives the outputs that nobody will ask for any more. */
    public synchronized List<MapOutput> add(MapOutput kept) {
        Key key = key(kept);
        if (!persisted.contains(key.rdd())) {
            return List.of(kept);
        }
        List<MapOutput> gone = new ArrayList<>();
        MapOutput before = places.remove(key);
        if (before != null) {
            forget(before);
            gone.add(before);
        }
        places.put(key, kept);
        if (droppable.contains(key.rdd())) {
            heldBytes.merge(kept.runner(), kept.bytes(), Long::sum);
            makeRoom(kept, gone);
        }
        return gone;
    }

    private void makeRoom(MapOutput kept, List<MapOutput> gone) {
        for (MapOutput other : List.copyOf(places.values())) {
            if (heldBytes.get(kept.runner()) <= droppableBytes) {
                return;
            }
            Key key = key(other);
            if (other.runner().equals(kept.runner()) && key.rdd() != key(kept).rdd() && droppable.contains(key.rdd())) {
                places.remove(key);
                forget(other);
                gone.add(other);
            }
        }
        if (heldBytes.get(kept.runner()) > droppableBytes) {
            places.remove(key(kept));
            forget(kept);
            gone.add(kept);
        }
    }

    private void forget(MapOutput kept) {
        if (droppable.contains(key(kept).rdd())) {
            heldBytes.merge(kept.runner(), -kept.bytes(), Long::sum);
        }
    }

    /** A partition turned out to be damaged or gone. */
    public synchronized Optional<MapOutput> lost(int rdd, int partition) {
        MapOutput place = places.remove(new Key(rdd, partition));
        if (place != null) {
            forget(place);
        }
        return Optional.ofNullable(place);
    }

    public synchronized void runnerLost(String runner) {
        places.values().removeIf(place -> place.runner().equals(runner));
        heldBytes.remove(runner);
    }

    /** Nobody reads this RDD's partitions any more. */
    public synchronized void drop(int rdd) {
        persisted.remove(rdd);
        for (Key key : List.copyOf(places.keySet())) {
            if (key.rdd() == rdd) {
                forget(places.remove(key));
            }
        }
        droppable.remove(rdd);
    }

    /** How many bytes this runner keeps. */
    public synchronized long bytesOn(String runner) {
        return places.values().stream()
                .filter(place -> place.runner().equals(runner))
                .mapToLong(MapOutput::bytes)
                .sum();
    }

    /** How many partitions of an RDD are kept. */
    public synchronized int count(int rdd) {
        return (int) places.keySet().stream().filter(key -> key.rdd() == rdd).count();
    }

    /** Whether the driver has this RDD persisted, as far as a plan said so. */
    synchronized boolean isPersisted(int rdd) {
        return persisted.contains(rdd);
    }

    /** Whether all of an RDD is kept, which has so many partitions. */
    synchronized boolean isWhole(int rdd, int partitions) {
        for (int partition = 0; partition < partitions; partition++) {
            // asks the map for no value, which would count as reading it
            if (!places.containsKey(new Key(rdd, partition))) {
                return false;
            }
        }
        return persisted.contains(rdd);
    }

    @Override
    public synchronized Optional<MapOutput> find(int rdd, int partition) {
        return Optional.ofNullable(places.get(new Key(rdd, partition)));
    }

    @Override
    public synchronized Optional<String> host(int rdd, int partition) {
        Key key = new Key(rdd, partition);
        return places.containsKey(key) ? Optional.of(places.get(key).host()) : Optional.empty();
    }

    private static Key key(MapOutput kept) {
        return new Key(kept.id().keptRdd(), kept.id().map());
    }
}
