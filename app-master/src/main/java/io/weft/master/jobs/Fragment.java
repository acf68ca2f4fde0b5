package io.weft.master.jobs;

import io.weft.master.plan.PlanNode;
import io.weft.master.splits.SourceSplit;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A part of a lineage: from a persisted RDD, or from what an action runs on, down to sources and to other persisted RDDs. Those stand in
 * it as {@link PlanNode.Known} and are fragments of their own, so that a chain of persisted RDDs is a chain of fragments, each kept
 * once. Immutable but for the count of partitions; any thread.
 */
final class Fragment {
    private final List<PlanNode> nodes;
    private final Map<Integer, Fragment> known;
    private final Map<Integer, List<? extends SourceSplit>> splits;

    /** Of a persisted RDD, once one of its plans was laid out. */
    private volatile int partitions = -1;

    /**
     * @param nodes parents first, a node's id is its index; the last one is what the fragment is made for
     * @param known by RDD, the fragments of its Known nodes
     * @param splits by node id, of its text sources
     */
    Fragment(List<PlanNode> nodes, Map<Integer, Fragment> known, Map<Integer, List<? extends SourceSplit>> splits) {
        this.nodes = List.copyOf(nodes);
        this.known = Map.copyOf(known);
        this.splits = Map.copyOf(splits);
    }

    List<PlanNode> nodes() {
        return nodes;
    }

    PlanNode last() {
        return nodes.get(nodes.size() - 1);
    }

    /** Whether it is that of a persisted RDD. */
    boolean isPersisted() {
        return last() instanceof PlanNode.Cached;
    }

    int rdd() {
        return last().origin().rdd();
    }

    Map<Integer, Fragment> known() {
        return known;
    }

    Map<Integer, List<? extends SourceSplit>> splits() {
        return splits;
    }

    OptionalInt partitions() {
        return partitions < 0 ? OptionalInt.empty() : OptionalInt.of(partitions);
    }

    void counted(int count) {
        partitions = count;
    }
}
