package io.weft.master.stages;

import io.weft.master.plan.InvalidPlanException;
import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanNode;
import io.weft.master.plan.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the nodes of one plan are partitioned: the number of partitions of each node, which partitions of the parents one of them is
 * made of, and where its input lies. Immutable; any thread.
 */
public final class Layout {
    /** Hosts named per partition at most; more do not help placement. */
    private static final int MAX_HOSTS = 8;

    /** The setting, a property of the plan, that lets RDDs of one stage ask for different resources. */
    private static final String MERGE = "weft.resources.mergeConflicts";

    private final Plan plan;

    /** Facts by id of the TextSource node, and of DataSources that prefer hosts. */
    private final Map<Integer, SourceFacts> sources;

    /** Number of partitions by node id. */
    private final int[] counts;

    /** By node id, whether computing a partition of it runs a step {@code barrier}. */
    private final boolean[] barriers;

    /** By node id, what steps {@code resources} ask for tasks that compute a partition of it. */
    private final Asked[] asked;

    private final KeptHosts kept;
    private final Profiles profiles;

    /** A layout in which nothing is kept. */
    public Layout(Plan plan, Map<Integer, SourceFacts> sources) {
        this(plan, sources, KeptHosts.NONE, Profiles.NONE);
    }

    /**
     * @param sources facts of every TextSource of the plan, by node id
     * @throws InvalidPlanException when parents of a cogroup or an aligned union are partitioned differently, or RDDs of one stage
     *     ask for different resources
     */
    public Layout(Plan plan, Map<Integer, SourceFacts> sources, KeptHosts kept, Profiles profiles) {
        this.plan = plan;
        this.kept = kept;
        this.profiles = profiles;
        this.sources = Map.copyOf(sources);
        counts = new int[plan.nodes().size()];
        barriers = new boolean[plan.nodes().size()];
        asked = new Asked[plan.nodes().size()];
        for (PlanNode node : plan.nodes()) {
            counts[node.id()] = count(node);
            barriers[node.id()] = runsBarrier(node);
            asked[node.id()] = askedBy(node);
        }
    }

    /** The most, where several are asked for and the program says that this is right. */
    private Asked askedBy(PlanNode node) {
        Asked all = Asked.NOTHING;
        if (node instanceof PlanNode.Pipeline pipeline) {
            for (Step step : pipeline.steps()) {
                all = merged(node, all, new Asked(step.processors(), step.profile()));
            }
        }
        if (!(node instanceof PlanNode.Shuffle)) {
            for (int parent : node.parents()) {
                all = merged(node, all, asked[parent]);
            }
        }
        return all;
    }

    private Asked merged(PlanNode node, Asked one, Asked other) {
        if (one.equals(other) || other.equals(Asked.NOTHING)) {
            return one;
        } else if (one.equals(Asked.NOTHING)) {
            return other;
        }
        if (!plan.properties().getOrDefault(MERGE, "false").equals("true")) {
            throw InvalidPlanException.of(
                    node.origin(),
                    "RDDs of its stage ask for " + other + " and for " + one
                            + " (withResources).\nAsk for the same, or set " + MERGE
                            + " to true, which takes the most of each");
        }
        return profiles.merge(one, other);
    }

    private boolean runsBarrier(PlanNode node) {
        if (node instanceof PlanNode.Shuffle) {
            return false;
        }
        if (node instanceof PlanNode.Pipeline pipeline
                && pipeline.steps().stream().anyMatch(Step::isBarrier)) {
            return true;
        }
        return node.parents().stream().anyMatch(parent -> barriers[parent]);
    }

    public Plan plan() {
        return plan;
    }

    /** Number of partitions of a node. */
    public int partitions(int node) {
        return counts[node];
    }

    /** What a task shall have that computes this node. */
    public Asked asked(int node) {
        return asked[node];
    }

    /** The runners of such tasks. */
    public Profile profile(int node) {
        int number = asked[node].profile();
        return number == 0 ? Profile.DEFAULT : profiles.profile(number);
    }

    /** Tasks that compute this node, without a shuffle between, wait for each other. */
    public boolean isBarrier(int node) {
        return barriers[node];
    }

    /** One partition of one node. */
    public record Part(int node, int partition) {}

    /** The parents' partitions that this one is made of without a shuffle, in order; none for sources and shuffles. */
    public List<Part> narrowParents(int id, int partition) {
        PlanNode node = plan.node(id);
        if (node instanceof PlanNode.Shuffle) {
            return List.of();
        }
        if (node instanceof PlanNode.Union union && !union.aligned()) {
            return List.of(unionParent(union, partition));
        }
        if (node instanceof PlanNode.Cartesian product) {
            int left = product.parents().get(0);
            int right = product.parents().get(1);
            return List.of(new Part(left, partition / counts[right]), new Part(right, partition % counts[right]));
        }
        List<Part> parts = new ArrayList<>();
        if (node instanceof PlanNode.Coalesce coalesce) {
            long parents = counts[coalesce.parent()];
            int from = (int) (partition * parents / counts[id]);
            int to = (int) ((partition + 1) * parents / counts[id]);
            for (int parent = from; parent < to; parent++) {
                parts.add(new Part(coalesce.parent(), parent));
            }
            return parts;
        }
        for (int parent : node.parents()) {
            parts.add(new Part(parent, partition));
        }
        return parts;
    }

    /** Hosts that hold the input of this partition: those named by most of its sources first. */
    public List<String> preferredHosts(int node, int partition) {
        Map<String, Integer> votes = new LinkedHashMap<>();
        collectHosts(new Part(node, partition), votes);
        return votes.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .limit(MAX_HOSTS)
                .map(Map.Entry::getKey)
                .toList();
    }

    private void collectHosts(Part part, Map<String, Integer> votes) {
        PlanNode node = plan.node(part.node());
        if (node instanceof PlanNode.Cached || node instanceof PlanNode.Held) {
            Optional<String> host = kept.host(node.origin().rdd(), part.partition());
            if (host.isPresent()) {
                votes.merge(host.get(), 1, Integer::sum);
                return;
            }
        }
        SourceFacts facts = sources.get(part.node());
        if (facts != null) {
            facts.preferredHosts().get(part.partition()).forEach(host -> votes.merge(host, 1, Integer::sum));
        }
        narrowParents(part.node(), part.partition()).forEach(parent -> collectHosts(parent, votes));
    }

    private Part unionParent(PlanNode.Union union, int partition) {
        int left = partition;
        for (int parent : union.parents()) {
            if (left < counts[parent]) {
                return new Part(parent, left);
            }
            left -= counts[parent];
        }
        throw new IndexOutOfBoundsException(union.origin() + " has no partition " + partition);
    }

    private int count(PlanNode node) {
        if (node instanceof PlanNode.TextSource || node instanceof PlanNode.FormatSource) {
            SourceFacts facts = sources.get(node.id());
            if (facts == null) {
                throw new IllegalArgumentException("no splits were made for " + node.origin());
            }
            return facts.partitions();
        } else if (node instanceof PlanNode.DataSource source) {
            return source.offsets().size() - 1;
        } else if (node instanceof PlanNode.RangeSource source) {
            return source.starts().size();
        } else if (node instanceof PlanNode.EmptySource source) {
            return source.partitions();
        } else if (node instanceof PlanNode.Held held) {
            return held.partitions();
        } else if (node instanceof PlanNode.Pipeline pipeline) {
            return counts[pipeline.parent()];
        } else if (node instanceof PlanNode.Shuffle shuffle) {
            return shuffle.partitions();
        } else if (node instanceof PlanNode.Union union) {
            return union.aligned() ? countAlike(node) : countUnion(union);
        } else if (node instanceof PlanNode.Coalesce coalesce) {
            return Math.min(coalesce.partitions(), counts[coalesce.parent()]);
        } else if (node instanceof PlanNode.Cartesian product) {
            long left = counts[product.parents().get(0)];
            return checked(node, left * counts[product.parents().get(1)]);
        }
        return countAlike(node);
    }

    private int countUnion(PlanNode.Union union) {
        long sum = 0;
        for (int parent : union.parents()) {
            sum += counts[parent];
        }
        return checked(union, sum);
    }

    private static int checked(PlanNode node, long count) {
        if (count > Integer.MAX_VALUE) {
            throw InvalidPlanException.of(node.origin(), count + " partitions are too many");
        }
        return (int) count;
    }

    private int countAlike(PlanNode node) {
        int first = counts[node.parents().get(0)];
        for (int parent : node.parents()) {
            if (counts[parent] != first) {
                throw InvalidPlanException.of(
                        node.origin(),
                        "its sides have " + first + " and " + counts[parent]
                                + " partitions; they must be partitioned alike");
            }
        }
        return first;
    }
}
