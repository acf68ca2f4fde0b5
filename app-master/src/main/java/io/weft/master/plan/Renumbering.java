package io.weft.master.plan;

import java.util.List;
import java.util.function.IntUnaryOperator;

/** A node of one plan as a node of another. Pure. */
public final class Renumbering {
    private Renumbering() {}

    /** The same node under another id; {@code parents} gives the new id of each parent. */
    public static PlanNode move(PlanNode node, int id, IntUnaryOperator parents) {
        Origin from = node.origin();
        Origin origin = new Origin(id, from.rdd(), from.name(), from.site());
        List<Integer> all = node.parents().stream().map(parents::applyAsInt).toList();
        if (node instanceof PlanNode.TextSource source) {
            return new PlanNode.TextSource(
                    origin,
                    source.paths(),
                    source.minPartitions(),
                    source.unicode(),
                    source.raw(),
                    source.combine(),
                    source.whole());
        } else if (node instanceof PlanNode.FormatSource source) {
            return new PlanNode.FormatSource(
                    origin, source.paths(), source.format(), source.classes(), source.minPartitions());
        } else if (node instanceof PlanNode.DataSource source) {
            return new PlanNode.DataSource(origin, source.block(), source.offsets(), source.hosts());
        } else if (node instanceof PlanNode.RangeSource source) {
            return new PlanNode.RangeSource(origin, source.starts(), source.stops(), source.step());
        } else if (node instanceof PlanNode.EmptySource source) {
            return new PlanNode.EmptySource(origin, source.partitions());
        } else if (node instanceof PlanNode.Known) {
            return new PlanNode.Known(origin);
        } else if (node instanceof PlanNode.Held held) {
            return new PlanNode.Held(origin, held.partitions());
        }
        return child(node, origin, all);
    }

    private static PlanNode child(PlanNode node, Origin origin, List<Integer> parents) {
        if (node instanceof PlanNode.Pipeline pipeline) {
            return new PlanNode.Pipeline(origin, parents.get(0), pipeline.steps());
        } else if (node instanceof PlanNode.Shuffle shuffle) {
            return new PlanNode.Shuffle(
                    origin,
                    parents.get(0),
                    shuffle.partitions(),
                    shuffle.writer(),
                    shuffle.read(),
                    shuffle.placement(),
                    shuffle.combiner());
        } else if (node instanceof PlanNode.Coalesce coalesce) {
            return new PlanNode.Coalesce(origin, parents.get(0), coalesce.partitions());
        } else if (node instanceof PlanNode.Cached cached) {
            return new PlanNode.Cached(origin, parents.get(0), cached.droppable(), cached.copies());
        } else if (node instanceof PlanNode.Union union) {
            return new PlanNode.Union(origin, parents, union.aligned());
        } else if (node instanceof PlanNode.Zip) {
            return new PlanNode.Zip(origin, parents);
        } else if (node instanceof PlanNode.Cartesian) {
            return new PlanNode.Cartesian(origin, parents);
        } else if (node instanceof PlanNode.CoGroup) {
            return new PlanNode.CoGroup(origin, parents);
        }
        throw new IllegalArgumentException("a node that cannot be moved: " + node);
    }
}
