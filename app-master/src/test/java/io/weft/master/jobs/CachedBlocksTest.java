package io.weft.master.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.master.plan.TestingPlan;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CachedBlocksTest {
    private final CachedBlocks blocks = new CachedBlocks(100);
    private int copies;

    /** RDDs 1 and 2 may be dropped, RDD 3 may not. */
    @BeforeEach
    void persistThreeRdds() {
        TestingPlan plan = new TestingPlan();
        int source = plan.empty(4);
        plan.cached(source, 1, true);
        plan.cached(source, 2, true);
        blocks.learn(plan.collect(plan.cached(source, 3, false)));
    }

    private MapOutput kept(int rdd, int partition, String runner, long bytes) {
        MapOutputId id = new MapOutputId("local_1_2", MapOutputId.keptShuffle(rdd), partition, copies++);
        return new MapOutput(id, runner, "host-" + runner, 1, 0, "/" + id.folder(), 1, bytes);
    }

    @Test
    void theNewestPlaceOfAPartitionIsFoundAndTheOldOneGoes() {
        MapOutput first = kept(1, 0, "a", 10);
        MapOutput second = kept(1, 0, "b", 10);
        assertEquals(List.of(), blocks.add(first));
        assertEquals(List.of(first), blocks.add(second));
        assertEquals(Optional.of(second), blocks.find(1, 0));
        assertEquals(Optional.of("host-b"), blocks.host(1, 0));
        assertEquals(Optional.empty(), blocks.find(1, 1));
    }

    @Test
    void theLeastRecentlyReadOfOtherRddsGoFirst() {
        MapOutput old = kept(1, 0, "a", 40);
        MapOutput read = kept(1, 1, "a", 40);
        blocks.add(old);
        blocks.add(read);
        blocks.add(kept(1, 2, "b", 90));
        blocks.find(1, 0);
        assertEquals(List.of(read), blocks.add(kept(2, 0, "a", 40)));
        assertEquals(Optional.of(old), blocks.find(1, 0));
        assertEquals(2, blocks.count(1));
    }

    @Test
    void aPartitionThatDoesNotFitBesideItsOwnRddIsNotKept() {
        MapOutput fits = kept(1, 0, "a", 60);
        MapOutput tooMuch = kept(1, 1, "a", 60);
        blocks.add(fits);
        assertEquals(List.of(tooMuch), blocks.add(tooMuch));
        assertEquals(Optional.of(fits), blocks.find(1, 0));
        assertEquals(List.of(), blocks.add(kept(1, 2, "a", 40)));
    }

    @Test
    void partitionsOnDiskNeitherCountNorGo() {
        blocks.add(kept(3, 0, "a", 5_000));
        assertEquals(List.of(), blocks.add(kept(1, 0, "a", 100)));
        assertEquals(1, blocks.count(3));
    }

    @Test
    void whatARunnerKeptIsGoneWithIt() {
        blocks.add(kept(1, 0, "a", 100));
        blocks.add(kept(1, 1, "b", 100));
        blocks.runnerLost("a");
        assertEquals(Optional.empty(), blocks.find(1, 0));
        assertEquals(1, blocks.count(1));
        assertEquals(List.of(), blocks.add(kept(2, 0, "a", 100)));
    }

    @Test
    void aDroppedRddIsForgottenAndLateCopiesAreDeleted() {
        blocks.add(kept(1, 0, "a", 100));
        blocks.drop(1);
        assertEquals(Optional.empty(), blocks.find(1, 0));
        MapOutput late = kept(1, 1, "a", 10);
        assertEquals(List.of(late), blocks.add(late));
        assertEquals(List.of(), blocks.add(kept(2, 0, "a", 100)));
    }

    @Test
    void aLostPartitionGivesItsRoomBack() {
        MapOutput damaged = kept(1, 0, "a", 100);
        blocks.add(damaged);
        assertEquals(Optional.of(damaged), blocks.lost(1, 0));
        assertEquals(Optional.empty(), blocks.lost(1, 0));
        assertEquals(List.of(), blocks.add(kept(2, 0, "a", 100)));
    }
}
