package io.weft.master.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanAction;
import io.weft.master.plan.PlanNode.Read;
import io.weft.master.plan.PlanNode.Writer;
import io.weft.master.plan.TestingPlan;
import io.weft.master.stages.SourceFacts;
import io.weft.master.stages.StagePlanner;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TaskTreesTest {
    private static final int BOUNDS = StagePlanner.boundsShuffle(2);

    private final TestingPlan plan = new TestingPlan();

    private static TaskTrees trees(Plan plan) {
        return new TaskTrees(StagePlanner.plan(plan, Map.of(), 0), Map.of(), KeptPartitions.NONE);
    }

    @Test
    void aTextTaskReadsItsSplit() {
        int lines = plan.text("in");
        InputSpec.Text split = new InputSpec.Text(List.of(new InputSpec.FileRange("hdfs://nn1/in", 64, 32, false)));
        TaskTrees trees = new TaskTrees(
                StagePlanner.plan(plan.collect(plan.map(lines)), Map.of(lines, SourceFacts.nowhere(1)), 0),
                Map.of(lines, List.of(split)),
                KeptPartitions.NONE);
        TaskBody body = trees.body(0, 0, Map.of());
        assertEquals(
                "{\"op\":\"pipeline\",\"index\":0,\"in\":{\"op\":\"input\",\"stream\":0,\"kind\":\"text\",\"unicode\":true,"
                        + "\"path\":\"hdfs://nn1/in\",\"start\":64},"
                        + "\"steps\":[{\"op\":\"map\",\"fn\":\"f2\",\"name\":\"map\",\"site\":\"etl.py:20\"}]}",
                body.tree());
        assertEquals("{\"kind\":\"result\"}", body.sink());
        assertEquals(List.of(split), body.inputs());
    }

    @Test
    void aPersistedPartitionComesWithItsPlaceAndTheWayToComputeIt() {
        Plan collected = plan.collect(plan.cached(plan.map(plan.empty(2)), 7, true));
        MapOutputId id = new MapOutputId("local_1_2", MapOutputId.keptShuffle(7), 1, 0);
        MapOutput place = new MapOutput(id, "r1", "node1", 1, 0, "/" + id.folder(), 1, 10);
        TaskTrees trees = new TaskTrees(
                StagePlanner.plan(collected, Map.of(), 0),
                Map.of(),
                (rdd, partition) -> rdd == 7 && partition == 1 ? Optional.of(place) : Optional.empty());
        TaskBody body = trees.body(0, 1, Map.of());
        assertEquals(
                "{\"op\":\"cached\",\"stream\":0,\"rdd\":7,\"partition\":1,\"in\":{\"op\":\"pipeline\",\"index\":1,"
                        + "\"in\":{\"op\":\"empty\"},"
                        + "\"steps\":[{\"op\":\"map\",\"fn\":\"f2\",\"name\":\"map\",\"site\":\"etl.py:20\"}]}}",
                body.tree());
        assertEquals(List.of(new InputSpec.Cached(List.of(place), true)), body.inputs());
        assertEquals(
                List.of(new InputSpec.Cached(List.of(), true)),
                trees.body(0, 0, Map.of()).inputs());
    }

    @Test
    void aCombiningShuffleCombinesOnBothSides() {
        TaskTrees trees = trees(plan.collect(plan.combine(plan.data(0L, 5L, 9L), 2)));
        TaskBody map = trees.body(0, 1, Map.of());
        TaskBody reduce = trees.body(1, 1, Map.of(2, 3));
        assertEquals("{\"op\":\"input\",\"stream\":0,\"kind\":\"batches\"}", map.tree());
        assertEquals(
                "{\"kind\":\"shuffle\",\"writer\":\"hash\",\"partitions\":2,\"fn\":null,"
                        + "\"combine\":{\"create\":\"c\",\"value\":\"v\",\"merge\":\"m\"}}",
                map.sink());
        assertEquals(List.of(new InputSpec.Data("data-1", 5, 4)), map.inputs());
        assertEquals(
                "{\"op\":\"shuffle\",\"stream\":0,\"maps\":2,\"partition\":1,\"mode\":\"combine\","
                        + "\"create\":\"c\",\"value\":\"v\",\"merge\":\"m\",\"combined\":true}",
                reduce.tree());
        assertEquals(List.of(new InputSpec.Shuffle(2, 3, 2)), reduce.inputs());
    }

    @Test
    void aSortTakesItsBoundsFromAnInputOfItsOwn() {
        TaskTrees trees = trees(plan.collect(plan.sort(plan.empty(3), 2)));
        assertEquals(
                "{\"kind\":\"shuffle\",\"writer\":\"range\",\"key\":\"key\",\"ascending\":true}",
                trees.body(0, 2, Map.of()).sink());
        TaskBody bounds = trees.body(1, 0, Map.of(2, 1));
        assertEquals(
                "{\"op\":\"shuffle\",\"stream\":0,\"maps\":3,\"partition\":0,\"mode\":\"bounds\","
                        + "\"partitions\":2,\"ascending\":true}",
                bounds.tree());
        assertEquals("{\"kind\":\"shuffle\",\"writer\":\"single\"}", bounds.sink());
        assertEquals(List.of(new InputSpec.Shuffle(2, 1, 3)), bounds.inputs());
        TaskBody reader = trees.body(2, 1, Map.of(2, 1, BOUNDS, 4));
        assertEquals(
                "{\"op\":\"shuffle\",\"stream\":0,\"maps\":3,\"partition\":1,\"mode\":\"sorted\",\"ascending\":true,\"bounds\":1}",
                reader.tree());
        assertEquals(List.of(new InputSpec.Shuffle(2, 1, 3), new InputSpec.Shuffle(BOUNDS, 4, 1)), reader.inputs());
    }

    @Test
    void aRepartitionDealsRecordsOutFromItsOwnIndex() {
        int dealt = plan.shuffle("repartition", plan.empty(2), 5, Writer.ROUND, Read.VALUES);
        assertEquals(
                "{\"kind\":\"shuffle\",\"writer\":\"round\",\"partitions\":5,\"index\":1,\"batch\":10}",
                trees(plan.collect(dealt)).body(0, 1, Map.of()).sink());
    }

    @Test
    void aCogroupReadsBothSidesAtItsOwnPartition() {
        Plan joined = plan.collect(plan.coGroup(plan.plain(plan.empty(1), 2), plan.plain(plan.empty(3), 2)));
        TaskBody body = trees(joined).body(2, 1, Map.of(2, 0, 4, 0));
        assertEquals(
                "{\"op\":\"cogroup\",\"index\":1,\"in\":["
                        + "{\"op\":\"shuffle\",\"stream\":0,\"maps\":1,\"partition\":1,\"mode\":\"plain\"},"
                        + "{\"op\":\"shuffle\",\"stream\":1,\"maps\":3,\"partition\":1,\"mode\":\"plain\"}]}",
                body.tree());
        assertEquals(2, body.inputs().size());
    }

    @Test
    void unionPicksOneSideAndCoalesceReadsSeveral() {
        int left = plan.range(List.of("0"), List.of("5"));
        int right = plan.range(List.of("99999999999999999999"), List.of("99999999999999999999"));
        Plan all = plan.collect(plan.coalesce(plan.union(left, right), 1));
        assertEquals(
                "{\"op\":\"concat\",\"in\":[{\"op\":\"range\",\"start\":0,\"stop\":5,\"step\":1},"
                        + "{\"op\":\"range\",\"start\":99999999999999999999,\"stop\":99999999999999999999,\"step\":1}]}",
                trees(all).body(0, 0, Map.of()).tree());
    }

    @Test
    void anAlignedUnionReadsTheSamePartitionOfEachSide() {
        int shuffled = plan.plain(plan.empty(1), 2);
        Plan all = plan.collect(plan.alignedUnion(shuffled, shuffled));
        assertEquals(
                "{\"op\":\"concat\",\"in\":["
                        + "{\"op\":\"shuffle\",\"stream\":0,\"maps\":1,\"partition\":1,\"mode\":\"plain\"},"
                        + "{\"op\":\"shuffle\",\"stream\":1,\"maps\":1,\"partition\":1,\"mode\":\"plain\"}]}",
                trees(all).body(1, 1, Map.of(2, 0)).tree());
    }

    @Test
    void aPartitionOfAProductReadsOneOfEachSideTheRightOnesGoingRoundFastest() {
        int left = plan.range(List.of("0", "1"), List.of("1", "2"));
        int right = plan.range(List.of("10", "11", "12"), List.of("11", "12", "13"));
        Plan all = plan.collect(plan.cartesian(left, right));
        assertEquals(
                "{\"op\":\"cartesian\",\"index\":5,\"in\":[{\"op\":\"range\",\"start\":1,\"stop\":2,\"step\":1},"
                        + "{\"op\":\"range\",\"start\":12,\"stop\":13,\"step\":1}]}",
                trees(all).body(0, 5, Map.of()).tree());
    }

    @Test
    void aZipReadsTheSamePartitionOfEachSide() {
        int left = plan.range(List.of("0", "1"), List.of("1", "2"));
        Plan all = plan.collect(plan.zip(left, left));
        assertEquals(
                "{\"op\":\"zip\",\"index\":1,\"in\":[{\"op\":\"range\",\"start\":1,\"stop\":2,\"step\":1},"
                        + "{\"op\":\"range\",\"start\":1,\"stop\":2,\"step\":1}]}",
                trees(all).body(0, 1, Map.of()).tree());
    }

    @Test
    void theActionDecidesTheSinkOfTheResult() {
        int nothing = plan.empty(1);
        assertEquals(
                "{\"kind\":\"none\"}",
                trees(plan.plan(nothing, new PlanAction.Drain()))
                        .body(0, 0, Map.of())
                        .sink());
        PlanAction save = new PlanAction.SaveText("out", Optional.empty());
        TaskBody body = trees(plan.plan(nothing, save)).body(0, 0, Map.of());
        assertEquals("{\"kind\":\"text\"}", body.sink());
        assertEquals("{\"op\":\"empty\"}", body.tree());
        PlanAction raw = new PlanAction.SaveText("out", Optional.empty(), true, ".avro");
        assertEquals(
                "{\"kind\":\"bytes\"}",
                trees(plan.plan(nothing, raw)).body(0, 0, Map.of()).sink());
    }

    @Test
    void aMissingEpochIsAnErrorOfOurs() {
        TaskTrees trees = trees(plan.collect(plan.combine(plan.empty(1), 2)));
        assertThrows(IllegalArgumentException.class, () -> trees.body(1, 0, Map.of()));
    }
}
