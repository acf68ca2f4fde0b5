package io.weft.master.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.master.plan.Origin;
import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanNode;
import io.weft.master.plan.TestingPlan;
import io.weft.master.stages.Layout;
import io.weft.master.stages.StagePlanner;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Two rounds: RDD 90 is persisted, made by a shuffle; RDD 91 is persisted, made of RDD 90 by another shuffle. */
class JobLineageTest {
    private final CachedBlocks blocks = new CachedBlocks(1000);
    private final Lineages lineages = new Lineages();

    private static Plan firstRound() {
        TestingPlan plan = new TestingPlan();
        return plan.collect(plan.cached(plan.combine(plan.data(0L, 4L, 8L), 2), 90, true));
    }

    /** Nodes of a plan that names RDD {@code known} first, then persists what a shuffle makes of it as RDD {@code made}. */
    private static Plan nextRound(int known, int made) {
        TestingPlan plan = new TestingPlan();
        plan.empty(1);
        plan.cached(plan.combine(plan.map(0), 2), made, true);
        Plan with = plan.collect(3);
        List<PlanNode> nodes = new java.util.ArrayList<>(with.nodes());
        nodes.set(0, new PlanNode.Known(new Origin(0, known, "cache", "etl.py:1")));
        PlanNode.Shuffle shuffle = (PlanNode.Shuffle) nodes.get(2);
        Origin renamed = new Origin(2, made * 10, "reduceByKey", "etl.py:3");
        nodes.set(
                2,
                new PlanNode.Shuffle(
                        renamed,
                        shuffle.parent(),
                        2,
                        shuffle.writer(),
                        shuffle.read(),
                        shuffle.placement(),
                        shuffle.combiner()));
        return new Plan(
                with.name(), with.site(), with.properties(), with.result(), with.partitions(), with.action(), nodes);
    }

    private JobLineage job(Plan plan) throws JobException {
        Fragment result = lineages.add(plan, Map.of());
        blocks.learn(plan);
        return new JobLineage(plan, result, blocks);
    }

    private static String opened(JobLineage job) {
        JobLineage.Opened opened = job.open();
        Layout layout = new Layout(opened.plan(), opened.facts());
        job.counted(layout);
        StagePlanner.plan(layout, 0);
        return opened.plan().nodes().stream()
                .map(node ->
                        node.getClass().getSimpleName() + " " + node.origin().rdd())
                .collect(Collectors.joining(", "));
    }

    private void keep(int rdd, int partition) {
        MapOutputId id = new MapOutputId("local_1_2", MapOutputId.keptShuffle(rdd), partition, 0);
        blocks.add(new MapOutput(id, "a", "host", 1, 0, "/" + id.folder(), 1, 1));
    }

    @Test
    void aPlanEndsAtAPersistedRddOfWhichEverythingIsKept() throws JobException {
        assertEquals("DataSource 1, Shuffle 2, Cached 90", opened(job(firstRound())));
        keep(90, 0);
        JobLineage partly = job(nextRound(90, 91));
        assertEquals("DataSource 1, Shuffle 2, Cached 90, Pipeline 2, Shuffle 910, Cached 91", opened(partly));
        keep(90, 1);
        JobLineage whole = job(nextRound(90, 91));
        assertEquals("Held 90, Pipeline 2, Shuffle 910, Cached 91", opened(whole));
        assertTrue(whole.holds());
    }

    @Test
    void whatIsLostIsPlannedFromItsLineage() throws JobException {
        opened(job(firstRound()));
        keep(90, 0);
        keep(90, 1);
        JobLineage job = job(nextRound(90, 91));
        opened(job);
        blocks.lost(90, 1);
        assertFalse(job.holds());
        assertEquals("DataSource 1, Shuffle 2, Cached 90, Pipeline 2, Shuffle 910, Cached 91", opened(job));
        keep(90, 1);
        assertTrue(job.holds());
        assertEquals(6, job.open().plan().nodes().size(), "an RDD that was opened stays so for the job");
    }

    @Test
    void theLineageLeadsThroughWhatIsNoLongerPersisted() throws JobException {
        opened(job(firstRound()));
        keep(90, 0);
        keep(90, 1);
        opened(job(nextRound(90, 91)));
        keep(91, 0);
        keep(91, 1);
        lineages.drop(90);
        blocks.drop(90);
        JobLineage job = job(nextRound(91, 92));
        assertEquals("Held 91, Pipeline 2, Shuffle 920, Cached 92", opened(job));
        blocks.lost(91, 0);
        assertEquals(
                "DataSource 1, Shuffle 2, Pipeline 2, Shuffle 910, Cached 91, Pipeline 2, Shuffle 920, Cached 92",
                opened(job));
    }

    @Test
    void whatTheDriverHasUnpersistedCannotBeNamed() throws JobException {
        job(firstRound());
        lineages.drop(90);
        JobException refused = assertThrows(JobException.class, () -> job(nextRound(90, 91)));
        assertEquals("lineage", refused.failure().kind());
    }
}
