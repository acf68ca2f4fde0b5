package io.weft.master.plan;

import io.weft.runner.protocol.RecordFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** One RDD of the lineage. Ids of parents are smaller than the node's own. */
public sealed interface PlanNode {
    Origin origin();

    /** Ids of the nodes whose records this one is made of, in order. */
    List<Integer> parents();

    default int id() {
        return origin().id();
    }

    /**
     * Lines of text files.
     *
     * @param paths as given: comma list, globs, folders
     * @param unicode str records, else bytes
     * @param raw files in any format: no lines, but the splits' ranges, whose bytes the worker asks for
     * @param combine small files may share a partition
     * @param whole each file is one partition, also one without bytes
     */
    record TextSource(
            Origin origin,
            String paths,
            int minPartitions,
            boolean unicode,
            boolean raw,
            boolean combine,
            boolean whole)
            implements PlanNode {
        /** Lines, of each file in its own partitions. */
        public TextSource(Origin origin, String paths, int minPartitions, boolean unicode) {
            this(origin, paths, minPartitions, unicode, false, false, false);
        }

        public TextSource {
            Objects.requireNonNull(origin, "origin is null");
            Objects.requireNonNull(paths, "paths is null");
        }

        @Override
        public List<Integer> parents() {
            return List.of();
        }
    }

    /**
     * Records of a Hadoop InputFormat.
     *
     * @param paths as given: comma list, globs, folders; empty: the settings name them, or the format reads no files
     * @param classes of keys and values, which must exist
     */
    record FormatSource(
            Origin origin, Optional<String> paths, RecordFormat format, List<String> classes, int minPartitions)
            implements PlanNode {
        public FormatSource {
            Objects.requireNonNull(origin, "origin is null");
            Objects.requireNonNull(paths, "paths is null");
            Objects.requireNonNull(format, "format is null");
            classes = List.copyOf(classes);
        }

        @Override
        public List<Integer> parents() {
            return List.of();
        }
    }

    /**
     * parallelize: partition {@code i} is the batch stream at bytes {@code offsets[i]} to {@code offsets[i + 1]} of an uploaded block.
     *
     * @param offsets partitions + 1 offsets, ascending
     * @param hosts those that a partition prefers, one list a partition; empty when none prefers any
     */
    record DataSource(Origin origin, String block, List<Long> offsets, List<List<String>> hosts) implements PlanNode {
        /** Data that prefers no host. */
        public DataSource(Origin origin, String block, List<Long> offsets) {
            this(origin, block, offsets, List.of());
        }

        public DataSource {
            Objects.requireNonNull(origin, "origin is null");
            Objects.requireNonNull(block, "block is null");
            offsets = List.copyOf(offsets);
            hosts = hosts.stream().map(List::copyOf).toList();
        }

        @Override
        public List<Integer> parents() {
            return List.of();
        }
    }

    /** Python integers in decimal, of any size: first value and end (exclusive) of each partition. */
    record RangeSource(Origin origin, List<String> starts, List<String> stops, String step) implements PlanNode {
        public RangeSource {
            Objects.requireNonNull(origin, "origin is null");
            Objects.requireNonNull(step, "step is null");
            starts = List.copyOf(starts);
            stops = List.copyOf(stops);
        }

        @Override
        public List<Integer> parents() {
            return List.of();
        }
    }

    /** No records. */
    record EmptySource(Origin origin, int partitions) implements PlanNode {
        public EmptySource {
            Objects.requireNonNull(origin, "origin is null");
        }

        @Override
        public List<Integer> parents() {
            return List.of();
        }
    }

    /** Narrow steps of one parent, in order. */
    record Pipeline(Origin origin, int parent, List<Step> steps) implements PlanNode {
        public Pipeline {
            Objects.requireNonNull(origin, "origin is null");
            steps = List.copyOf(steps);
        }

        @Override
        public List<Integer> parents() {
            return List.of(parent);
        }
    }

    /** How map tasks place records. */
    enum Writer {
        /** By the key's hash, or by the user's partition function. */
        HASH,
        /** Dealt out in turn. */
        ROUND,
        /** Sorted runs; bounds are taken from their samples afterwards. */
        RANGE
    }

    /** What a reader makes of the pairs. */
    enum Read {
        /** Pairs as they come, in map order. */
        PLAIN,
        /** The values alone. */
        VALUES,
        /** One (key, combiner) per key. */
        COMBINE,
        /** One (key, values) per key. */
        GROUP,
        /** Merged by key. */
        SORTED
    }

    /** Blobs of a combiner's functions. */
    record Combiner(String create, String mergeValue, String mergeCombiners, boolean mapSide) {
        public Combiner {
            Objects.requireNonNull(create, "create is null");
            Objects.requireNonNull(mergeValue, "mergeValue is null");
            Objects.requireNonNull(mergeCombiners, "mergeCombiners is null");
        }
    }

    /**
     * Records move between partitions; the stages are cut here. The shuffle's id is {@code origin.rdd()}.
     *
     * @param combiner present exactly when {@code read} is COMBINE
     */
    record Shuffle(
            Origin origin,
            int parent,
            int partitions,
            Writer writer,
            Read read,
            Placement placement,
            Optional<Combiner> combiner)
            implements PlanNode {
        public Shuffle {
            Objects.requireNonNull(origin, "origin is null");
            Objects.requireNonNull(writer, "writer is null");
            Objects.requireNonNull(read, "read is null");
            Objects.requireNonNull(placement, "placement is null");
            Objects.requireNonNull(combiner, "combiner is null");
        }

        @Override
        public List<Integer> parents() {
            return List.of(parent);
        }
    }

    /**
     * The user's say in where a record goes.
     *
     * @param partitioner HASH: blob of the user's partition function; empty: Weft's own
     * @param key RANGE: blob of the sort key's function; empty: pairs by their key
     * @param ascending RANGE: smallest key first
     */
    record Placement(Optional<String> partitioner, Optional<String> key, boolean ascending) {
        public Placement {
            Objects.requireNonNull(partitioner, "partitioner is null");
            Objects.requireNonNull(key, "key is null");
        }
    }

    /**
     * Records of several parents.
     *
     * @param aligned partition {@code i} is partition {@code i} of each parent, one after the other (they are partitioned alike); else
     *     the parents' partitions follow each other
     */
    record Union(Origin origin, List<Integer> parents, boolean aligned) implements PlanNode {
        public Union {
            Objects.requireNonNull(origin, "origin is null");
            parents = List.copyOf(parents);
        }
    }

    /** Fewer partitions without a shuffle: neighbours are put together, in order. Never more than the parent has. */
    record Coalesce(Origin origin, int parent, int partitions) implements PlanNode {
        public Coalesce {
            Objects.requireNonNull(origin, "origin is null");
        }

        @Override
        public List<Integer> parents() {
            return List.of(parent);
        }
    }

    /** Pairs of the records of two parents, which have equally many partitions. */
    record Zip(Origin origin, List<Integer> parents) implements PlanNode {
        public Zip {
            Objects.requireNonNull(origin, "origin is null");
            parents = List.copyOf(parents);
        }
    }

    /** All pairs of the records of two parents: partition {@code i} is {@code i / n} of the first with {@code i % n} of the second's {@code n}. */
    record Cartesian(Origin origin, List<Integer> parents) implements PlanNode {
        public Cartesian {
            Objects.requireNonNull(origin, "origin is null");
            parents = List.copyOf(parents);
        }
    }

    /**
     * The parent's partitions, kept where they were computed and read from there by later jobs.
     *
     * @param droppable partitions may be dropped when too much is kept, and are computed again
     * @param copies how many runners shall keep each partition
     */
    record Cached(Origin origin, int parent, boolean droppable, int copies) implements PlanNode {
        /** Kept once. */
        public Cached(Origin origin, int parent, boolean droppable) {
            this(origin, parent, droppable, 1);
        }

        public Cached {
            Objects.requireNonNull(origin, "origin is null");
        }

        @Override
        public List<Integer> parents() {
            return List.of(parent);
        }
    }

    /** A persisted RDD that came with an earlier plan. In plans as the driver sends them, never in those that are laid out. */
    record Known(Origin origin) implements PlanNode {
        public Known {
            Objects.requireNonNull(origin, "origin is null");
        }

        @Override
        public List<Integer> parents() {
            return List.of();
        }
    }

    /**
     * A persisted RDD of which every partition is kept: nothing of its lineage is needed, or nothing is left of it, when the driver's
     * plan has it.
     */
    record Held(Origin origin, int partitions) implements PlanNode {
        public Held {
            Objects.requireNonNull(origin, "origin is null");
        }

        @Override
        public List<Integer> parents() {
            return List.of();
        }
    }

    /** Parents partitioned alike: plain shuffles or narrow from such. One (key, (values, …)) per key. */
    record CoGroup(Origin origin, List<Integer> parents) implements PlanNode {
        public CoGroup {
            Objects.requireNonNull(origin, "origin is null");
            parents = List.copyOf(parents);
        }
    }
}
