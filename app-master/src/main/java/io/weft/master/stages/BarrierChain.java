package io.weft.master.stages;

import io.weft.master.plan.InvalidPlanException;
import io.weft.master.plan.PlanNode;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/**
 * What a barrier stage cannot be, the rules being Spark's (SPARK-24820, SPARK-24821): every node of the stage has as many partitions as
 * the stage has tasks, and at most one parent of a node is of a barrier stage. Tasks that wait for each other must all be there.
 */
final class BarrierChain {
    private BarrierChain() {}

    /** {@code tasks}: how many the stage has that computes {@code root}. */
    static void check(Layout layout, int root, int tasks) {
        BitSet seen = new BitSet();
        Deque<Integer> toVisit = new ArrayDeque<>();
        toVisit.add(root);
        while (!toVisit.isEmpty()) {
            int id = toVisit.remove();
            if (seen.get(id)) {
                continue;
            }
            seen.set(id);
            PlanNode node = layout.plan().node(id);
            if (layout.partitions(id) != tasks) {
                throw refusal(layout, root, counts(layout, root, node, tasks));
            }
            if (node instanceof PlanNode.Shuffle) {
                continue;
            }
            long barriers = node.parents().stream().filter(layout::isBarrier).count();
            if (barriers > 1) {
                throw refusal(
                        layout,
                        root,
                        node.origin() + " is made of " + barriers
                                + " barrier RDDs.\n"
                                + "Put a shuffle between, such as repartition, or persist one of them.");
            }
            toVisit.addAll(node.parents());
        }
    }

    private static String counts(Layout layout, int root, PlanNode node, int tasks) {
        if (node.id() == root) {
            return layout.plan().name() + " runs " + tasks + " of its " + layout.partitions(root)
                    + " partitions.\nUse collect()[0] instead of first(), and collect()[:n] instead of take(n).";
        }
        return "it runs " + tasks + " tasks, and " + node.origin() + " has " + layout.partitions(node.id())
                + " partitions.\n"
                + "Use repartition(n) before barrier(), which shuffles, instead of coalesce(n) or a union.";
    }

    private static InvalidPlanException refusal(Layout layout, int root, String problem) {
        return new InvalidPlanException(
                "E27",
                layout.plan().node(root).origin() + " is of a barrier stage, whose tasks all run at once; " + problem);
    }
}
