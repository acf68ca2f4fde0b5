package io.weft.master.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.master.plan.PlanNode.Combiner;
import io.weft.master.plan.PlanNode.Placement;
import io.weft.master.plan.PlanNode.Read;
import io.weft.master.plan.PlanNode.Writer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanDecoderTest {
    private final PlanDecoder decoder = new PlanDecoder();

    @Test
    void decodesEveryKindOfNode() {
        byte[] bytes = new AvroPlan()
                .node("TextSource", "paths", "a,b", "minPartitions", 3, "unicode", false, "combine", true)
                .node("DataSource", "block", "data-1", "offsets", List.of(0L, 5L, 9L))
                .node("RangeSource", "starts", List.of("0"), "stops", List.of("99999999999999999999"), "step", "1")
                .node("EmptySource", "partitions", 0)
                .step(0, "map", "f")
                .shuffle(
                        4,
                        "read",
                        "combine",
                        "create",
                        "c",
                        "mergeValue",
                        "v",
                        "mergeCombiners",
                        "m",
                        "mapSideCombine",
                        true)
                .node("Union", "parents", List.of(0, 1), "aligned", true)
                .node("Coalesce", "parent", 6, "partitions", 1)
                .node("CoGroup", "parents", List.of(5))
                .bytes(8, 1, 0);

        Plan plan = decoder.decode(bytes);

        assertEquals("saveAsTextFile", plan.name());
        assertEquals(Map.of("weft.job.group", "nightly"), plan.properties());
        assertEquals(List.of(1, 0), plan.partitions());
        assertEquals(new PlanAction.SaveText("hdfs://nn1/out", Optional.empty()), plan.action());
        assertEquals(
                new PlanNode.TextSource(new Origin(0, 1, "step0", "etl.py:1"), "a,b", 3, false, false, true, false),
                plan.node(0));
        assertEquals(
                new PlanNode.DataSource(new Origin(1, 2, "step1", "etl.py:2"), "data-1", List.of(0L, 5L, 9L)),
                plan.node(1));
        assertEquals(
                List.of(new Step("map", Optional.of("f"), "map", "etl.py:77")),
                ((PlanNode.Pipeline) plan.node(4)).steps());
        assertEquals(
                new PlanNode.Shuffle(
                        new Origin(5, 6, "step5", "etl.py:6"),
                        4,
                        2,
                        Writer.HASH,
                        Read.COMBINE,
                        new Placement(Optional.empty(), Optional.empty(), true),
                        Optional.of(new Combiner("c", "v", "m", true))),
                plan.node(5));
        assertEquals(List.of(0, 1), plan.node(6).parents());
        assertEquals(List.of(5), plan.node(8).parents());
    }

    @Test
    void readsWhichHostsDataPrefersAndWhichFilesAreRaw() {
        byte[] bytes = new AvroPlan()
                .node(
                        "DataSource",
                        "block",
                        "d",
                        "offsets",
                        List.of(0L, 5L, 9L),
                        "hosts",
                        List.of(List.of("a", "b"), List.of()))
                .node("TextSource", "paths", "p", "minPartitions", 1, "unicode", true, "raw", true)
                .bytes(1);

        Plan plan = decoder.decode(bytes);

        assertEquals(List.of(List.of("a", "b"), List.of()), ((PlanNode.DataSource) plan.node(0)).hosts());
        assertEquals(true, ((PlanNode.TextSource) plan.node(1)).raw());
    }

    @Test
    void refusesHostsOfFewerPartitionsThanThereAre() {
        assertRefused(
                "step0 at etl.py:1: the data has 2 partitions and hosts for 1",
                new AvroPlan()
                        .node("DataSource", "block", "d", "offsets", List.of(0L, 5L, 9L), "hosts", List.of(List.of()))
                        .bytes(0));
    }

    @Test
    void refusesAPlanOfAnotherVersion() {
        assertRefused(
                "plan has version 2",
                new AvroPlan().version(2).node("EmptySource", "partitions", 0).bytes(0));
    }

    @Test
    void refusesBytesThatAreCutShort() {
        byte[] bytes = new AvroPlan().node("EmptySource", "partitions", 0).bytes(0);
        assertRefused("cannot be read", Arrays.copyOf(bytes, bytes.length - 1));
    }

    @Test
    void refusesBytesAfterThePlan() {
        byte[] bytes = new AvroPlan().node("EmptySource", "partitions", 0).bytes(0);
        assertRefused("bytes after its end", Arrays.copyOf(bytes, bytes.length + 1));
    }

    @Test
    void refusesRandomBytes() {
        assertRefused("cannot be read", new byte[] {2, 120, 120, 120});
    }

    @Test
    void namesTheUsersLineWhenAStepIsUnknown() {
        assertRefused(
                "explode at etl.py:77: there is no step 'explode'",
                new AvroPlan()
                        .node("EmptySource", "partitions", 1)
                        .step(0, "explode", "f")
                        .bytes(1));
    }

    @Test
    void refusesAMapWithoutAFunction() {
        assertRefused(
                "map at etl.py:77: the step map has no function",
                new AvroPlan()
                        .node("EmptySource", "partitions", 1)
                        .step(0, "map", null)
                        .bytes(1));
    }

    @Test
    void refusesACombinerWithoutItsFunctions() {
        assertRefused(
                "step1 at etl.py:2: a combining shuffle needs its function create",
                new AvroPlan()
                        .node("EmptySource", "partitions", 1)
                        .shuffle(0, "read", "combine")
                        .bytes(1));
    }

    @Test
    void refusesASortThatIsNotReadSorted() {
        assertRefused(
                "step1 at etl.py:2: a RANGE writer does not go with a PLAIN reader",
                new AvroPlan()
                        .node("EmptySource", "partitions", 1)
                        .shuffle(0, "writer", "range")
                        .bytes(1));
    }

    @Test
    void refusesAParentThatDoesNotStandBefore() {
        assertRefused(
                "step0 at etl.py:1: its parent, node 0, does not stand before it",
                new AvroPlan()
                        .node("Union", "parents", List.of(0), "aligned", false)
                        .bytes(0));
    }

    @Test
    void refusesAResultThatIsNoNode() {
        assertRefused(
                "saveAsTextFile at etl.py:88: runs on node 1 of a plan of 1 nodes",
                new AvroPlan().node("EmptySource", "partitions", 1).bytes(1));
    }

    @Test
    void refusesAPartitionThatIsAskedForTwice() {
        assertRefused(
                "saveAsTextFile at etl.py:88: asks for a partition twice: [0, 0]",
                new AvroPlan().node("EmptySource", "partitions", 1).bytes(0, 0, 0));
    }

    @Test
    void refusesOffsetsThatDescend() {
        assertRefused(
                "step0 at etl.py:1: the data's offset 4 follows 5",
                new AvroPlan()
                        .node("DataSource", "block", "b", "offsets", List.of(0L, 5L, 4L))
                        .bytes(0));
    }

    @Test
    void refusesARangeThatDoesNotMove() {
        assertRefused(
                "the step is 0",
                new AvroPlan()
                        .node("RangeSource", "starts", List.of("0"), "stops", List.of("1"), "step", "0")
                        .bytes(0));
    }

    private void assertRefused(String expected, byte[] bytes) {
        InvalidPlanException refused = assertThrows(InvalidPlanException.class, () -> decoder.decode(bytes));
        assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    }
}
