package io.weft.master.stages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.master.plan.InvalidPlanException;
import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanAction;
import io.weft.master.plan.PlanNode.Read;
import io.weft.master.plan.PlanNode.Writer;
import io.weft.master.plan.TestingPlan;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StagePlannerTest {
    private final TestingPlan plan = new TestingPlan();

    private static String graph(Plan plan, Map<Integer, SourceFacts> sources) {
        return StagePlanner.plan(plan, sources, 0).graph().toString();
    }

    @Test
    void aTaskPrefersTheHostThatKeepsItsPersistedPartition() {
        int lines = plan.text("in");
        Plan collected = plan.collect(plan.map(plan.cached(plan.map(lines), 7, true)));
        SourceFacts facts = new SourceFacts(List.of(List.of("node1"), List.of("node2")));
        Layout layout = new Layout(
                collected,
                Map.of(lines, facts),
                (rdd, partition) -> rdd == 7 && partition == 1 ? Optional.of("node9") : Optional.empty(),
                Profiles.NONE);
        assertEquals(List.of("node1"), layout.preferredHosts(collected.result(), 0));
        assertEquals(List.of("node9"), layout.preferredHosts(collected.result(), 1));
    }

    @Test
    void narrowStepsAreOneStage() {
        int lines = plan.text("in");
        assertEquals(
                "stage 0 (map, etl.py:30): 3 tasks, result",
                graph(plan.collect(plan.map(plan.map(lines))), Map.of(lines, SourceFacts.nowhere(3))));
    }

    @Test
    void wordCountIsCutAtItsShuffle() {
        int lines = plan.text("in");
        int counts = plan.combine(plan.map(lines), 2);
        assertEquals(
                """
                stage 0 (map, etl.py:20): 3 tasks, prefers [[a, b], [], [c]], writes shuffle 3
                stage 1 (reduceByKey, etl.py:30): 2 tasks, reads shuffle 3, result\
                """,
                graph(
                        plan.collect(counts),
                        Map.of(lines, new SourceFacts(List.of(List.of("a", "b"), List.of(), List.of("c"))))));
    }

    @Test
    void aProductIsOneStageAndHasTheProductOfThePartitions() {
        Map<Integer, SourceFacts> sources = Map.of(
                0, new SourceFacts(List.of(List.of("a"), List.of("b"))), 1, new SourceFacts(List.of(List.of("b"))));
        int product = plan.cartesian(plan.text("left"), plan.text("right"));
        assertEquals(
                "stage 0 (cartesian, etl.py:30): 2 tasks, prefers [[a, b], [b]], result",
                graph(plan.collect(product), sources));
    }

    @Test
    void aProductOfTooManyPartitionsAndAZipOfDifferentOnesAreRefused() {
        int many = plan.empty(1 << 16);
        Plan product = plan.collect(plan.cartesian(many, many));
        assertThrows(InvalidPlanException.class, () -> graph(product, Map.of()));
        Plan zip = plan.collect(plan.zip(many, plan.empty(2)));
        assertThrows(InvalidPlanException.class, () -> graph(zip, Map.of()));
    }

    @Test
    void stagesAreNumberedFromTheGivenId() {
        JobPlan job = StagePlanner.plan(plan.collect(plan.combine(plan.empty(1), 2)), Map.of(), 7);
        assertEquals(List.of(7, 8), List.copyOf(job.outputs().keySet()));
        assertEquals(2, job.stage(8).partitions().size());
    }

    @Test
    void aJoinOfTwoUnpartitionedSidesHasTwoMapStages() {
        int left = plan.plain(plan.empty(3), 2);
        int right = plan.plain(plan.empty(4), 2);
        assertEquals(
                """
                stage 0 (emptyRDD, etl.py:10): 3 tasks, writes shuffle 2
                stage 1 (emptyRDD, etl.py:30): 4 tasks, writes shuffle 4
                stage 2 (map, etl.py:60): 2 tasks, reads shuffle 2 and 4, result\
                """,
                graph(plan.collect(plan.map(plan.coGroup(left, right))), Map.of()));
    }

    @Test
    void aJoinWithASidePartitionedAlikeIsNarrowThere() {
        int counted = plan.combine(plan.empty(3), 2);
        int mapped = plan.map(counted);
        assertEquals(
                """
                stage 0 (emptyRDD, etl.py:10): 3 tasks, writes shuffle 2
                stage 1 (join, etl.py:40): 2 tasks, reads shuffle 2, result\
                """,
                graph(plan.collect(plan.coGroup(counted, mapped)), Map.of()));
    }

    @Test
    void aSortHasABoundsStageThatItsReaderWaitsFor() {
        int sorted = plan.sort(plan.empty(3), 2);
        assertEquals(
                """
                stage 0 (emptyRDD, etl.py:10): 3 tasks, writes shuffle 2
                stage 1 (sortBy bounds, etl.py:20): 1 tasks, reads shuffle 2, writes shuffle 1073741826
                stage 2 (sortBy, etl.py:20): 2 tasks, reads shuffle 2 and 1073741826, result\
                """,
                graph(plan.collect(sorted), Map.of()));
    }

    @Test
    void aShuffleThatIsReadTwiceIsWrittenOnce() {
        int shuffled = plan.plain(plan.empty(1), 2);
        int again = plan.combine(plan.map(shuffled), 3);
        int both = plan.coGroup(plan.map(again), plan.plain(shuffled, 3));
        assertEquals(
                """
                stage 0 (emptyRDD, etl.py:10): 1 tasks, writes shuffle 2
                stage 1 (map, etl.py:30): 2 tasks, reads shuffle 2, writes shuffle 4
                stage 2 (partitionBy, etl.py:20): 2 tasks, reads shuffle 2, writes shuffle 6
                stage 3 (join, etl.py:70): 3 tasks, reads shuffle 4 and 6, result\
                """,
                graph(plan.collect(both), Map.of()));
    }

    @Test
    void nodesThatTheResultDoesNotNeedAreLeftOut() {
        int used = plan.empty(1);
        plan.combine(plan.empty(9), 9);
        assertEquals("stage 0 (emptyRDD, etl.py:10): 1 tasks, result", graph(plan.collect(used), Map.of()));
    }

    @Test
    void onlyTheAskedPartitionsOfTheResultRun() {
        assertEquals(
                "stage 0 (map, etl.py:20): 2 tasks of partitions [3, 1], result",
                graph(plan.collect(plan.map(plan.empty(4)), 3, 1), Map.of()));
    }

    @Test
    void aSaveCommits() {
        assertEquals(
                "stage 0 (emptyRDD, etl.py:10): 1 tasks, result, commits",
                graph(plan.plan(plan.empty(1), new PlanAction.SaveText("out", Optional.empty())), Map.of()));
    }

    @Test
    void anEmptyResultHasNoTasks() {
        assertEquals(
                "stage 0 (map, etl.py:20): 0 tasks, result", graph(plan.collect(plan.map(plan.empty(0))), Map.of()));
    }

    @Test
    void aUnionKeepsTheHostsOfItsSides() {
        int left = plan.text("a");
        int right = plan.text("b");
        Map<Integer, SourceFacts> facts =
                Map.of(left, new SourceFacts(List.of(List.of("x"))), right, new SourceFacts(List.of(List.of("y"))));
        assertEquals(
                "stage 0 (union, etl.py:30): 2 tasks, prefers [[x], [y]], result",
                graph(plan.collect(plan.union(left, right)), facts));
    }

    @Test
    void aCoalescePutsNeighboursTogetherAndPrefersTheHostOfMost() {
        int lines = plan.text("a");
        SourceFacts facts = new SourceFacts(
                List.of(List.of("x"), List.of("y", "x"), List.of("y", "z"), List.of("z"), List.of("z")));
        Plan collected = plan.collect(plan.coalesce(lines, 2));
        Layout layout = new Layout(collected, Map.of(lines, facts));
        assertEquals(List.of(new Layout.Part(0, 0), new Layout.Part(0, 1)), layout.narrowParents(1, 0));
        assertEquals(
                List.of(new Layout.Part(0, 2), new Layout.Part(0, 3), new Layout.Part(0, 4)),
                layout.narrowParents(1, 1));
        assertEquals(List.of("x", "y"), layout.preferredHosts(1, 0));
        assertEquals(List.of("z", "y"), layout.preferredHosts(1, 1));
    }

    @Test
    void aCoalesceNeverMakesMorePartitions() {
        Plan collected = plan.collect(plan.coalesce(plan.empty(2), 5));
        assertEquals(2, new Layout(collected, Map.of()).partitions(1));
    }

    @Test
    void sidesOfACogroupThatDifferAreRefusedWithTheUsersLine() {
        Plan collected = plan.collect(plan.coGroup(plan.plain(plan.empty(1), 2), plan.plain(plan.empty(1), 3)));
        InvalidPlanException refused =
                assertThrows(InvalidPlanException.class, () -> StagePlanner.plan(collected, Map.of(), 0));
        assertTrue(
                refused.getMessage().startsWith("join at etl.py:50: its sides have 2 and 3 partitions"),
                refused.getMessage());
    }

    @Test
    void anAskedPartitionThatIsNotThereIsRefused() {
        Plan collected = plan.collect(plan.empty(2), 2);
        InvalidPlanException refused =
                assertThrows(InvalidPlanException.class, () -> StagePlanner.plan(collected, Map.of(), 0));
        assertEquals("collect at etl.py:99: asks for partition 2 of 2", refused.getMessage());
    }

    @Test
    void repartitionKeepsTheNumberAskedFor() {
        int dealt = plan.shuffle("repartition", plan.empty(2), 5, Writer.ROUND, Read.VALUES);
        assertEquals(5, new Layout(plan.collect(dealt), Map.of()).partitions(dealt));
    }
}
