package io.weft.master.plan;

import io.weft.master.plan.PlanNode.Read;
import io.weft.master.plan.PlanNode.Writer;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What every decoded plan holds:
 *
 * <ol>
 *   <li>the result is a node, and asked partitions are not negative, and asked once;
 *   <li>a parent stands before its child, and a node that needs parents has some;
 *   <li>numbers of partitions are at least 0, of shuffles and coalesces at least 1;
 *   <li>offsets ascend, hosts are named for all partitions or none, ranges have as many starts as stops and a step other than 0;
 *   <li>steps are known, and have their function;
 *   <li>writer and reader of a shuffle fit: range with sorted, and round with values.
 * </ol>
 */
final class PlanChecks {
    /** RDD ids stay below this, so that {@code boundsShuffle} and {@code keptShuffle} can derive ids that collide with none. */
    static final int RDD_LIMIT = 1 << 29;

    private static final List<String> STEPS_WITH_FUNCTION =
            List.of("map flatMap filter mapValues flatMapValues partitions barrier serializer profile".split(" "));
    private static final List<String> STEPS_WITHOUT_FUNCTION = List.of("keys", "values", Step.RESOURCES);

    private PlanChecks() {}

    static void check(Plan plan) {
        String action = plan.name() + " at " + plan.site();
        if (plan.result() < 0 || plan.result() >= plan.nodes().size()) {
            throw new InvalidPlanException(action + ": runs on node " + plan.result() + " of a plan of "
                    + plan.nodes().size() + " nodes");
        }
        for (int partition : plan.partitions()) {
            if (partition < 0) {
                throw new InvalidPlanException(action + ": asks for partition " + partition);
            }
        }
        if (new HashSet<>(plan.partitions()).size() < plan.partitions().size()) {
            throw new InvalidPlanException(action + ": asks for a partition twice: " + plan.partitions());
        }
        for (PlanNode node : plan.nodes()) {
            checkNode(node);
        }
    }

    private static void checkNode(PlanNode node) {
        Origin origin = node.origin();
        require(origin.rdd() >= 0 && origin.rdd() < RDD_LIMIT, origin, "RDD id " + origin.rdd() + " is out of range");
        for (int parent : node.parents()) {
            require(
                    parent >= 0 && parent < origin.id(),
                    origin,
                    "its parent, node " + parent + ", does not stand before it (node " + origin.id() + ")");
        }
        if (node instanceof PlanNode.TextSource source) {
            require(!source.paths().isEmpty(), origin, "the path is empty");
            require(source.minPartitions() >= 0, origin, "minPartitions is " + source.minPartitions());
        } else if (node instanceof PlanNode.FormatSource source) {
            require(!source.paths().equals(Optional.of("")), origin, "the path is empty");
            require(source.minPartitions() >= 0, origin, "minPartitions is " + source.minPartitions());
        } else if (node instanceof PlanNode.DataSource source) {
            checkOffsets(source);
        } else if (node instanceof PlanNode.RangeSource source) {
            checkRange(source);
        } else if (node instanceof PlanNode.EmptySource source) {
            require(source.partitions() >= 0, origin, "the number of partitions is " + source.partitions());
        } else if (node instanceof PlanNode.Pipeline pipeline) {
            checkSteps(pipeline);
        } else if (node instanceof PlanNode.Shuffle shuffle) {
            checkShuffle(shuffle);
        } else if (node instanceof PlanNode.Coalesce coalesce) {
            require(coalesce.partitions() >= 1, origin, "the number of partitions is " + coalesce.partitions());
        } else if (node instanceof PlanNode.Zip || node instanceof PlanNode.Cartesian) {
            require(
                    node.parents().size() == 2,
                    origin,
                    "it has " + node.parents().size() + " parents instead of two");
        } else if (node instanceof PlanNode.Held held) {
            require(held.partitions() >= 0, origin, "the number of partitions is " + held.partitions());
        } else if (!(node instanceof PlanNode.Known)) {
            require(!node.parents().isEmpty(), origin, "it has no parents");
        }
    }

    private static void checkOffsets(PlanNode.DataSource source) {
        require(!source.offsets().isEmpty(), source.origin(), "the data has no offsets");
        long last = 0;
        for (long offset : source.offsets()) {
            require(offset >= last, source.origin(), "the data's offset " + offset + " follows " + last);
            last = offset;
        }
        int partitions = source.offsets().size() - 1;
        require(
                source.hosts().isEmpty() || source.hosts().size() == partitions,
                source.origin(),
                "the data has " + partitions + " partitions and hosts for "
                        + source.hosts().size());
    }

    private static void checkRange(PlanNode.RangeSource source) {
        require(
                source.starts().size() == source.stops().size(),
                source.origin(),
                source.starts().size() + " partitions start but "
                        + source.stops().size() + " stop");
        require(integer(source, source.step()).signum() != 0, source.origin(), "the step is 0");
        source.starts().forEach(value -> integer(source, value));
        source.stops().forEach(value -> integer(source, value));
    }

    private static BigInteger integer(PlanNode.RangeSource source, String value) {
        try {
            return new BigInteger(value);
        } catch (NumberFormatException e) {
            throw new InvalidPlanException(source.origin() + ": '" + value + "' is not an integer", e);
        }
    }

    private static void checkSteps(PlanNode.Pipeline pipeline) {
        for (Step step : pipeline.steps()) {
            Origin at = new Origin(pipeline.id(), pipeline.origin().rdd(), step.name(), step.site());
            if (STEPS_WITH_FUNCTION.contains(step.op())) {
                require(step.function().isPresent(), at, "the step " + step.op() + " has no function");
            } else {
                require(STEPS_WITHOUT_FUNCTION.contains(step.op()), at, "there is no step '" + step.op() + "'");
            }
            require(
                    step.processors() >= 0
                            && step.profile() >= 0
                            && step.processors() + step.profile() > 0
                                    == step.op().equals(Step.RESOURCES),
                    at,
                    "the step " + step.op() + " has " + step.processors() + " processors, profile " + step.profile());
        }
    }

    private static void checkShuffle(PlanNode.Shuffle shuffle) {
        Origin origin = shuffle.origin();
        require(shuffle.partitions() >= 1, origin, "the number of partitions is " + shuffle.partitions());
        require(
                (shuffle.writer() == Writer.RANGE) == (shuffle.read() == Read.SORTED),
                origin,
                "a " + shuffle.writer() + " writer does not go with a " + shuffle.read() + " reader");
        require(
                shuffle.writer() != Writer.ROUND || shuffle.read() == Read.VALUES,
                origin,
                "records dealt out in turn have no keys to " + shuffle.read() + " by");
    }

    private static void require(boolean condition, Origin origin, String problem) {
        if (!condition) {
            throw InvalidPlanException.of(origin, problem);
        }
    }
}
