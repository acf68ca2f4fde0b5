package io.weft.master.jobs;

import io.weft.master.plan.Origin;
import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanNode;
import io.weft.master.plan.Renumbering;
import io.weft.master.splits.SourceSplit;
import io.weft.master.stages.Layout;
import io.weft.master.stages.SourceFacts;
import io.weft.runner.protocol.InputSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How far down the lineage one job is planned: to sources, shuffles, and those persisted RDDs of which everything is kept. Of these the
 * lineage is used only when something of them is lost; an RDD that was once opened stays so for the job, hence each plan of it holds
 * what the one before held. Not thread-safe; the loop thread's once the job is submitted.
 */
final class JobLineage {
    /** One plan of the job. {@code facts}, {@code inputs}: of its text sources, by node id. */
    record Opened(Plan plan, Map<Integer, SourceFacts> facts, Map<Integer, List<? extends InputSpec>> inputs) {}

    private final Plan given;
    private final Fragment result;
    private final CachedBlocks cached;
    /** Persisted RDDs whose lineage a plan has shown. */
    private final Set<Integer> opened = new HashSet<>();

    /** Persisted RDDs at which the last plan ends. */
    private final List<Fragment> ends = new ArrayList<>();

    /** Of the plan that is being made, by RDD: where each persisted one stands, and each shuffle. */
    private final Map<Integer, Integer> places = new HashMap<>();

    private final Map<Integer, Integer> shuffles = new HashMap<>();
    private final Map<Integer, List<? extends SourceSplit>> splits = new HashMap<>();
    private final List<PlanNode> nodes = new ArrayList<>();
    private final List<Fragment> fragments = new ArrayList<>();

    /** {@code given}: the plan as it came; {@code result}: the fragment of what its action runs on. */
    JobLineage(Plan given, Fragment result, CachedBlocks cached) {
        this.given = given;
        this.result = result;
        this.cached = cached;
    }

    /** Whether all is still kept that the last plan relies on. */
    boolean holds() {
        return ends.stream().allMatch(this::isHeld);
    }

    /** Why the last plan cannot be carried out, if it relies on something that is lost and that no lineage tells how to make. */
    Optional<JobFailure> outOfReach() {
        for (PlanNode node : nodes) {
            int rdd = node.origin().rdd();
            if (node instanceof PlanNode.Held held
                    && ends.stream().noneMatch(end -> end.rdd() == rdd)
                    && !cached.isWhole(rdd, held.partitions())) {
                String text = "RDD " + rdd + " (" + held.origin() + ") was checkpointed locally, and of its "
                        + held.partitions() + " partitions " + cached.count(rdd)
                        + " are left: a container that held some has ended, or the RDD was unpersisted.\n"
                        + "Use rdd.checkpoint(), which writes files, where that may happen.";
                return Optional.of(JobFailure.of("", 1, "external", text));
            }
        }
        return Optional.empty();
    }

    /** Plans down to what is kept now. */
    Opened open() {
        places.clear();
        shuffles.clear();
        splits.clear();
        nodes.clear();
        fragments.clear();
        ends.clear();
        int last = -1;
        Deque<Fragment> waiting = new ArrayDeque<>(List.of(result));
        while (!waiting.isEmpty()) {
            Fragment next = waiting.peek();
            List<Fragment> missing = missing(next);
            if (missing.isEmpty()) {
                waiting.pop();
                last = place(next);
            } else {
                missing.forEach(waiting::push);
            }
        }
        return opened(last);
    }

    /** What must stand before this fragment. */
    private List<Fragment> missing(Fragment fragment) {
        if (fragment.isPersisted() && (places.containsKey(fragment.rdd()) || endsAt(fragment))) {
            return List.of();
        }
        return fragment.known().values().stream()
                .filter(one -> !places.containsKey(one.rdd()))
                .toList();
    }

    private boolean endsAt(Fragment fragment) {
        return !opened.contains(fragment.rdd()) && isHeld(fragment);
    }

    /** Adds a fragment, unless it stands already; where its last node is. */
    private int place(Fragment fragment) {
        if (!fragment.isPersisted()) {
            return addAll(fragment);
        }
        Integer place = places.get(fragment.rdd());
        if (place == null) {
            place = endsAt(fragment) ? end(fragment) : addAll(fragment);
            places.put(fragment.rdd(), place);
            fragments.add(fragment);
        }
        return place;
    }

    private Opened opened(int last) {
        Map<Integer, SourceFacts> facts = new HashMap<>();
        Map<Integer, List<? extends InputSpec>> inputs = new HashMap<>();
        splits.forEach((node, all) -> {
            facts.put(node, new SourceFacts(all.stream().map(SourceSplit::hosts).toList()));
            inputs.put(node, all.stream().map(SourceSplit::input).toList());
        });
        for (PlanNode node : nodes) {
            if (node instanceof PlanNode.DataSource source && !source.hosts().isEmpty()) {
                facts.put(node.id(), new SourceFacts(source.hosts()));
            }
        }
        Plan plan = new Plan(
                given.name(), given.site(), given.properties(), last, given.partitions(), given.action(), nodes);
        return new Opened(plan, facts, inputs);
    }

    /** Tells the persisted RDDs of the last plan how many partitions they have. */
    void counted(Layout layout) {
        fragments.forEach(fragment -> fragment.counted(layout.partitions(places.get(fragment.rdd()))));
    }

    private boolean isHeld(Fragment fragment) {
        return fragment.isPersisted()
                && fragment.partitions().isPresent()
                && cached.isWhole(fragment.rdd(), fragment.partitions().getAsInt());
    }

    private int end(Fragment held) {
        ends.add(held);
        Origin from = held.last().origin();
        Origin origin = new Origin(nodes.size(), from.rdd(), from.name(), from.site());
        return add(new PlanNode.Held(origin, held.partitions().orElseThrow()));
    }

    private int add(PlanNode node) {
        nodes.add(node);
        return node.id();
    }

    /** Adds a fragment whose persisted RDDs stand already. A shuffle of two fragments is one node. */
    private int addAll(Fragment fragment) {
        if (fragment.isPersisted()) {
            opened.add(fragment.rdd());
        }
        int[] index = new int[fragment.nodes().size()];
        for (PlanNode node : fragment.nodes()) {
            int rdd = node.origin().rdd();
            if (node instanceof PlanNode.Known) {
                index[node.id()] = places.get(rdd);
            } else if (node instanceof PlanNode.Shuffle && shuffles.containsKey(rdd)) {
                index[node.id()] = shuffles.get(rdd);
            } else if (node instanceof PlanNode.Cached unpersisted && !cached.isPersisted(rdd)) {
                index[node.id()] = index[unpersisted.parent()];
            } else {
                index[node.id()] = add(Renumbering.move(node, nodes.size(), parent -> index[parent]));
                if (node instanceof PlanNode.Shuffle) {
                    shuffles.put(rdd, index[node.id()]);
                }
            }
            if (fragment.splits().containsKey(node.id())) {
                splits.put(index[node.id()], fragment.splits().get(node.id()));
            }
        }
        return index[index.length - 1];
    }
}
