package io.weft.master.jobs;

import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanNode;
import io.weft.master.plan.Renumbering;
import io.weft.master.splits.SourceSplit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The lineages of the RDDs that the driver has persisted, so that it need not send them with each job: a plan names them by a Known
 * node. What is unpersisted goes, unless the lineage of another leads through it. Thread-safe.
 */
final class Lineages {
    private final Map<Integer, Fragment> persisted = new HashMap<>();

    /**
     * Cuts a plan at its persisted RDDs and keeps their lineages.
     *
     * @param splits by node id, of the plan's text sources
     * @return the fragment of what the action runs on
     * @throws JobException of the kind {@code lineage} when the plan names an RDD that is not known: the driver sends all of it, then
     */
    synchronized Fragment add(Plan plan, Map<Integer, List<? extends SourceSplit>> splits) throws JobException {
        Map<Integer, Fragment> byNode = new HashMap<>();
        for (PlanNode node : plan.nodes()) {
            if (node instanceof PlanNode.Known) {
                byNode.put(node.id(), find(node));
            } else if (node instanceof PlanNode.Cached) {
                byNode.put(node.id(), cut(plan, node, byNode, splits));
            }
        }
        for (PlanNode node : plan.nodes()) {
            if (node instanceof PlanNode.Cached) {
                persisted.put(node.origin().rdd(), byNode.get(node.id()));
            } else if (node instanceof PlanNode.Held) {
                persisted.remove(node.origin().rdd()); // it was checkpointed: nobody computes it any more
            }
        }
        PlanNode result = plan.node(plan.result());
        return byNode.containsKey(result.id()) ? byNode.get(result.id()) : cut(plan, result, byNode, splits);
    }

    /** The driver has this RDD persisted no more. */
    synchronized void drop(int rdd) {
        persisted.remove(rdd);
    }

    private Fragment find(PlanNode node) throws JobException {
        Fragment found = persisted.get(node.origin().rdd());
        if (found == null) {
            String text = "RDD " + node.origin().rdd() + " (" + node.origin() + ") is persisted no more";
            throw new JobException(JobFailure.of("", 7, "lineage", text));
        }
        return found;
    }

    private static Fragment cut(
            Plan plan, PlanNode last, Map<Integer, Fragment> byNode, Map<Integer, List<? extends SourceSplit>> splits) {
        TreeSet<Integer> ids = new TreeSet<>(List.of(last.id()));
        for (Integer id = last.id(); id != null; id = ids.lower(id)) {
            if (id == last.id() || !byNode.containsKey(id)) {
                ids.addAll(plan.node(id).parents());
            }
        }
        Map<Integer, Integer> places = new HashMap<>();
        Map<Integer, Fragment> known = new LinkedHashMap<>();
        Map<Integer, List<? extends SourceSplit>> ownSplits = new HashMap<>();
        List<PlanNode> nodes = new ArrayList<>();
        for (int id : ids) {
            int place = nodes.size();
            PlanNode node = plan.node(id);
            places.put(id, place);
            if (id != last.id() && byNode.containsKey(id)) {
                known.put(node.origin().rdd(), byNode.get(id));
                node = new PlanNode.Known(node.origin());
            }
            nodes.add(Renumbering.move(node, place, places::get));
            if (splits.containsKey(id)) {
                ownSplits.put(place, splits.get(id));
            }
        }
        return new Fragment(nodes, known, ownSplits);
    }
}
