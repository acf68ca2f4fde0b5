package io.weft.master.stages;

import io.weft.master.plan.InvalidPlanException;
import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanNode;
import io.weft.master.plan.PlanNode.Writer;
import io.weft.master.plan.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Cuts a plan into stages. Rules, in order:
 *
 * <ol>
 *   <li>Nodes that the result does not need are left out.
 *   <li>Each Shuffle node ends a map stage, of as many tasks as its parent has partitions; all narrow nodes below it belong to that
 *       stage, down to sources and other shuffles. Hence a cogroup of sides that are partitioned already is in one stage with them.
 *   <li>A range shuffle (sortBy) has a second stage of one task behind its map stage: it reads the samples in every map output and
 *       writes the bounds as shuffle {@link #boundsShuffle}. Who reads the shuffle reads both.
 *   <li>The result node and what is narrow below it are the result stage, the last one.
 *   <li>A stage with a step {@code barrier} is a barrier stage; what such a stage cannot be is refused ({@link BarrierChain}).
 * </ol>
 *
 * <p>A shuffle's id is the RDD id of its node, hence the same in every job that reads it.
 */
public final class StagePlanner {
    private final Layout layout;
    private final Plan plan;

    /** By node id: shuffles that a task computing the node reads, in order of first use; null for nodes that are not needed. */
    private final List<Set<Integer>> reads;

    private final List<Stage> stages = new ArrayList<>();
    private final Map<Integer, StageOutput> outputs = new TreeMap<>();
    private final Map<Integer, Integer> known;
    private final int slotProcessors;
    private int nextStage;

    private StagePlanner(Layout layout, Map<Integer, Integer> known, int firstStage, int slotProcessors) {
        this.slotProcessors = slotProcessors;
        this.layout = layout;
        this.plan = layout.plan();
        this.known = known;
        this.nextStage = firstStage;
        this.reads = new ArrayList<>(Collections.nCopies(plan.nodes().size(), null));
    }

    /**
     * Plans one action.
     *
     * @param sources facts of every TextSource node of the plan, by node id
     * @param firstStage id of the job's first stage; the job uses as many ids from there as it has stages
     * @throws InvalidPlanException when the plan asks for a partition that is not there, or sides of a cogroup differ
     */
    public static JobPlan plan(Plan plan, Map<Integer, SourceFacts> sources, int firstStage) {
        return plan(new Layout(plan, sources), firstStage);
    }

    /** Plans one action whose plan is laid out. */
    public static JobPlan plan(Layout layout, int firstStage) {
        return plan(layout, Map.of(), firstStage, 1);
    }

    /**
     * Plans an action again, of whose lineage more has turned out to be needed.
     *
     * @param known ids of the stages that it has already, by the shuffle that they write, -1 for the result stage
     * @param firstStage id of the first stage that is new
     * @param slotProcessors of each slot
     */
    public static JobPlan plan(Layout layout, Map<Integer, Integer> known, int firstStage, int slotProcessors) {
        return new StagePlanner(layout, known, firstStage, slotProcessors).run();
    }

    /**
     * Shuffle id of the bounds of a range shuffle. RDD ids are below 2^30 (the plan's decoder sees to it), so the bit tells the two
     * apart.
     */
    public static int boundsShuffle(int shuffle) {
        return shuffle | 1 << 30;
    }

    private JobPlan run() {
        boolean[] needed = neededNodes();
        for (PlanNode node : plan.nodes()) {
            if (needed[node.id()]) {
                reads.set(node.id(), shufflesRead(node));
                if (node instanceof PlanNode.Shuffle shuffle) {
                    addMapStage(shuffle);
                }
            }
        }
        addResultStage();
        return new JobPlan(layout, new StageGraph(stages), outputs);
    }

    private boolean[] neededNodes() {
        boolean[] needed = new boolean[plan.nodes().size()];
        needed[plan.result()] = true;
        for (int id = plan.result(); id >= 0; id--) {
            if (needed[id]) {
                plan.node(id).parents().forEach(parent -> needed[parent] = true);
            }
        }
        return needed;
    }

    private Set<Integer> shufflesRead(PlanNode node) {
        Set<Integer> shuffles = new LinkedHashSet<>();
        if (node instanceof PlanNode.Shuffle shuffle) {
            shuffles.add(shuffle.origin().rdd());
            if (shuffle.writer() == Writer.RANGE) {
                shuffles.add(boundsShuffle(shuffle.origin().rdd()));
            }
        } else {
            node.parents().forEach(parent -> shuffles.addAll(reads.get(parent)));
        }
        return shuffles;
    }

    private void addMapStage(PlanNode.Shuffle shuffle) {
        int id = shuffle.origin().rdd();
        if (stages.stream().anyMatch(stage -> stage.shuffle() == id)) {
            throw InvalidPlanException.of(shuffle.origin(), "RDD " + id + " stands in the plan twice");
        }
        int root = shuffle.parent();
        List<Integer> partitions =
                IntStream.range(0, layout.partitions(root)).boxed().toList();
        add(StageKind.SHUFFLE_MAP, id, root, partitions, new StageOutput.ShuffleWrite(shuffle.id()));
        if (shuffle.writer() == Writer.RANGE) {
            String name = shuffle.origin().name() + " bounds";
            int stage = stageId(boundsShuffle(id));
            stages.add(new Stage(
                    stage,
                    StageKind.SHUFFLE_MAP,
                    boundsShuffle(id),
                    List.of(id),
                    List.of(0),
                    List.of(List.of()),
                    false,
                    false,
                    name,
                    shuffle.origin().site()));
            outputs.put(stage, new StageOutput.BoundsWrite(shuffle.id()));
        }
    }

    private int stageId(int shuffle) {
        Integer id = known.get(shuffle);
        return id == null ? nextStage++ : id;
    }

    private void addResultStage() {
        int count = layout.partitions(plan.result());
        List<Integer> partitions = plan.partitions();
        for (int partition : partitions) {
            if (partition >= count) {
                throw new InvalidPlanException(
                        plan.name() + " at " + plan.site() + ": asks for partition " + partition + " of " + count);
            }
        }
        if (partitions.isEmpty()) {
            partitions = IntStream.range(0, count).boxed().toList();
        }
        add(StageKind.RESULT, -1, plan.result(), partitions, new StageOutput.ActionResult());
    }

    private void add(StageKind kind, int shuffle, int root, List<Integer> partitions, StageOutput output) {
        String name = plan.node(root).origin().name();
        String site = plan.node(root).origin().site();
        if (plan.node(root) instanceof PlanNode.Pipeline pipeline
                && !pipeline.steps().isEmpty()) {
            Step last = pipeline.steps().get(pipeline.steps().size() - 1);
            name = last.name();
            site = last.site();
        }
        List<List<String>> hosts = partitions.stream()
                .map(partition -> layout.preferredHosts(root, partition))
                .toList();
        boolean commits = kind == StageKind.RESULT && plan.action().isSave();
        boolean barrier = layout.isBarrier(root);
        if (barrier) {
            BarrierChain.check(layout, root, partitions.size());
        }
        int id = stageId(shuffle);
        List<Integer> inputs = List.copyOf(reads.get(root));
        stages.add(new Stage(id, kind, shuffle, inputs, partitions, hosts, commits, barrier, name, site, share(root)));
        outputs.put(id, output);
    }

    /** A slot of a profile's runners is made for its tasks; of others such a task takes several. */
    private Stage.Share share(int root) {
        int processors = layout.asked(root).processors();
        Profile profile = layout.profile(root);
        int slots = profile.isDefault() ? (processors + slotProcessors - 1) / slotProcessors : 1;
        return new Stage.Share(processors, Math.max(1, slots), profile);
    }
}
