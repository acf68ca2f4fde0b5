package io.weft.master.plan;

import io.weft.master.plan.PlanNode.Combiner;
import io.weft.master.plan.PlanNode.Placement;
import io.weft.master.plan.PlanNode.Read;
import io.weft.master.plan.PlanNode.Writer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds plans by hand. A node's RDD id is its node id + 1, its line 10 times that of etl.py. */
public final class TestingPlan {
    private final List<PlanNode> nodes = new ArrayList<>();

    public int text(String path) {
        return add(new PlanNode.TextSource(origin("textFile"), path, 2, true));
    }

    public int data(Long... offsets) {
        return add(new PlanNode.DataSource(origin("parallelize"), "data-1", Arrays.asList(offsets)));
    }

    public int empty(int partitions) {
        return add(new PlanNode.EmptySource(origin("emptyRDD"), partitions));
    }

    public int range(List<String> starts, List<String> stops) {
        return add(new PlanNode.RangeSource(origin("range"), starts, stops, "1"));
    }

    public int map(int parent) {
        Origin origin = origin("map");
        return add(new PlanNode.Pipeline(
                origin, parent, List.of(new Step("map", Optional.of("f" + origin.rdd()), "map", origin.site()))));
    }

    /** Asks for processors of the tasks that compute {@code parent}, and for containers of a profile. */
    public int resources(int parent, int processors, int profile) {
        Origin origin = origin("range");
        Step step = new Step(
                Step.RESOURCES, Optional.empty(), origin.name(), origin.site(), Optional.empty(), processors, profile);
        return add(new PlanNode.Pipeline(origin, parent, List.of(step)));
    }

    /** Persists {@code parent} under the id {@code rdd}. */
    public int cached(int parent, int rdd, boolean droppable) {
        Origin origin = origin("cache");
        return add(new PlanNode.Cached(new Origin(origin.id(), rdd, origin.name(), origin.site()), parent, droppable));
    }

    public int combine(int parent, int partitions) {
        return add(new PlanNode.Shuffle(
                origin("reduceByKey"),
                parent,
                partitions,
                Writer.HASH,
                Read.COMBINE,
                new Placement(Optional.empty(), Optional.empty(), true),
                Optional.of(new Combiner("c", "v", "m", true))));
    }

    public int shuffle(String name, int parent, int partitions, Writer writer, Read read) {
        Placement placement = new Placement(Optional.empty(), Optional.of("key"), true);
        return add(new PlanNode.Shuffle(origin(name), parent, partitions, writer, read, placement, Optional.empty()));
    }

    public int plain(int parent, int partitions) {
        return shuffle("partitionBy", parent, partitions, Writer.HASH, Read.PLAIN);
    }

    public int sort(int parent, int partitions) {
        return shuffle("sortBy", parent, partitions, Writer.RANGE, Read.SORTED);
    }

    public int union(Integer... parents) {
        return add(new PlanNode.Union(origin("union"), Arrays.asList(parents), false));
    }

    public int alignedUnion(Integer... parents) {
        return add(new PlanNode.Union(origin("union"), Arrays.asList(parents), true));
    }

    public int coGroup(Integer... parents) {
        return add(new PlanNode.CoGroup(origin("join"), Arrays.asList(parents)));
    }

    public int zip(int left, int right) {
        return add(new PlanNode.Zip(origin("zip"), List.of(left, right)));
    }

    public int cartesian(int left, int right) {
        return add(new PlanNode.Cartesian(origin("cartesian"), List.of(left, right)));
    }

    public int coalesce(int parent, int partitions) {
        return add(new PlanNode.Coalesce(origin("coalesce"), parent, partitions));
    }

    public Plan collect(int result, Integer... partitions) {
        return plan(result, new PlanAction.Collect(), partitions);
    }

    public Plan plan(int result, PlanAction action, Integer... partitions) {
        return new Plan("collect", "etl.py:99", Map.of(), result, Arrays.asList(partitions), action, nodes);
    }

    private Origin origin(String name) {
        int rdd = nodes.size() + 1;
        return new Origin(nodes.size(), rdd, name, "etl.py:" + rdd * 10);
    }

    private int add(PlanNode node) {
        nodes.add(node);
        return node.id();
    }
}
