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
import java.util.stream.Stream;

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

    /** By RDD: how many copies there shall be beside the first. */
    private final Map<Integer, Integer> wantedCopies = new HashMap<>();

    private final Map<Key, List<MapOutput>> copies = new HashMap<>();

    /** Partitions of which there are too few copies, as far as nobody has been asked to make some. */
    private final Map<Key, MapOutput> toCopy = new LinkedHashMap<>();

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
                wantedCopies.put(rdd, cached.copies() - 1);
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
            goWithCopies(key, gone);
        }
        places.put(key, kept);
        if (droppable.contains(key.rdd())) {
            heldBytes.merge(kept.runner(), kept.bytes(), Long::sum);
            makeRoom(kept, gone);
        }
        wantCopies(key);
        return gone;
    }

    private void goWithCopies(Key key, List<MapOutput> gone) {
        List<MapOutput> all = copies.remove(key);
        if (all != null) {
            all.forEach(this::forget);
            gone.addAll(all);
        }
        toCopy.remove(key);
    }

    private void wantCopies(Key key) {
        int wanted = wantedCopies.getOrDefault(key.rdd(), 0);
        if (places.containsKey(key) && copies.getOrDefault(key, List.of()).size() < wanted) {
            toCopy.put(key, places.get(key));
        }
    }

    /** A runner has made a copy; gives it back when nobody will ask for it: outdated, too many or too large. */
    public synchronized List<MapOutput> addCopy(MapOutput copy) {
        Key key = key(copy);
        MapOutput first = places.get(key);
        List<MapOutput> others = copies.computeIfAbsent(key, unused -> new ArrayList<>());
        boolean wanted = first != null && others.size() < wantedCopies.getOrDefault(key.rdd(), 0);
        if (!wanted
                || Stream.concat(Stream.of(first), others.stream())
                        .anyMatch(one -> one.runner().equals(copy.runner()))) {
            return List.of(copy);
        }
        if (droppable.contains(key.rdd())) {
            if (heldBytes.getOrDefault(copy.runner(), 0L) + copy.bytes() > droppableBytes) {
                return List.of(copy);
            }
            heldBytes.merge(copy.runner(), copy.bytes(), Long::sum);
        }
        others.add(copy);
        wantCopies(key);
        return List.of();
    }

    /** Partitions that shall be copied to a further runner, with the runners that keep them; each is given once. */
    public synchronized Map<MapOutput, Set<String>> takeToCopy() {
        Map<MapOutput, Set<String>> taken = new LinkedHashMap<>();
        toCopy.forEach((key, place) -> {
            Set<String> holders = new HashSet<>(Set.of(place.runner()));
            copies.getOrDefault(key, List.of()).forEach(copy -> holders.add(copy.runner()));
            taken.put(place, holders);
        });
        toCopy.clear();
        return taken;
    }

    /** A partition could not be copied for want of a runner; it is when there is one. */
    public synchronized void copyLater(MapOutput place) {
        if (place.equals(places.get(key(place)))) {
            toCopy.put(key(place), place);
        }
    }

    /** How many copies of an RDD's partitions there are beside the first ones. */
    public synchronized int countCopies(int rdd) {
        return copies.entrySet().stream()
                .filter(entry -> entry.getKey().rdd() == rdd)
                .mapToInt(entry -> entry.getValue().size())
                .sum();
    }

    @Override
    public synchronized List<MapOutput> copies(int rdd, int partition) {
        return List.copyOf(copies.getOrDefault(new Key(rdd, partition), List.of()));
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
                goWithCopies(key, gone);
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
        Key key = new Key(rdd, partition);
        MapOutput place = places.remove(key);
        if (place != null) {
            forget(place);
            promoteCopy(key);
        }
        return Optional.ofNullable(place);
    }

    public synchronized void runnerLost(String runner) {
        for (Map.Entry<Key, List<MapOutput>> entry : copies.entrySet()) {
            if (entry.getValue().removeIf(copy -> copy.runner().equals(runner))) {
                wantCopies(entry.getKey());
            }
        }
        for (MapOutput place : List.copyOf(places.values())) {
            if (place.runner().equals(runner)) {
                places.remove(key(place));
                promoteCopy(key(place));
            }
        }
        heldBytes.remove(runner);
    }

    /** A copy takes the place of what is lost, and another copy is wanted. */
    private void promoteCopy(Key key) {
        toCopy.remove(key);
        List<MapOutput> left = copies.getOrDefault(key, List.of());
        if (!left.isEmpty()) {
            places.put(key, left.remove(0));
            wantCopies(key);
        }
    }

    /** Nobody reads this RDD's partitions any more. */
    public synchronized void drop(int rdd) {
        persisted.remove(rdd);
        for (Key key : List.copyOf(places.keySet())) {
            if (key.rdd() == rdd) {
                forget(places.remove(key));
            }
        }
        for (Key key : List.copyOf(copies.keySet())) {
            if (key.rdd() == rdd) {
                goWithCopies(key, new ArrayList<>());
            }
        }
        wantedCopies.remove(rdd);
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
