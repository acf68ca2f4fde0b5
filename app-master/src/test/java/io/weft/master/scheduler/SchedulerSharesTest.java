package io.weft.master.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.master.stages.Profile;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchedulerSharesTest {
    private final SchedulerTester tester =
            new SchedulerTester(SchedulerSettings.DEFAULT.withBarrier(new SchedulerSettings.Barrier(9, 60_000, 5_000)));

    /** One stage of tasks that take so many slots each. */
    private static Stage wide(int id, int tasks, int slots) {
        return Graphs.result(id, List.of(), Graphs.nowhere(tasks)).with(new Stage.Share(0, slots, Profile.DEFAULT));
    }

    private static StageGraph graph(Stage stage) {
        return new StageGraph(List.of(stage));
    }

    @Test
    void aTaskTakesSeveralSlotsOfOneRunner() {
        tester.runner("r1", 5);
        tester.submit(
                1,
                graph(wide(0, 3, 2)),
                "start stage 0 tasks 3",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r1:1 NONE",
                "wake at 1050");
        tester.done("0.0.0", "accept 0.0.0 result", "launch 0.2.0 on r1:0 NONE");
    }

    @Test
    void slotsOfTwoRunnersDoNotMakeOne() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(1, graph(wide(0, 1, 2)), "start stage 0 tasks 1", "wake at 1050");
        tester.runner("r3", 2, "launch 0.0.0 on r3:0 NONE");
    }

    @Test
    void tasksOfOneSlotTakeWhatIsLeft() {
        tester.runner("r1", 3);
        tester.submit(1, graph(wide(0, 2, 2)), "start stage 0 tasks 2", "launch 0.0.0 on r1:0 NONE", "wake at 1050");
        tester.submit(2, Graphs.flat(10, 2), "start stage 10 tasks 2", "launch 10.0.0 on r1:1 NONE");
        tester.done("10.0.0", "accept 10.0.0 result", "launch 10.1.0 on r1:1 NONE");
        tester.done("0.0.0", "accept 0.0.0 result", "launch 0.1.0 on r1:0 NONE");
    }

    @Test
    void allSlotsOfAnAttemptAreFreeWhenItIsLostWithItsRunner() {
        tester.runner("r1", 2);
        tester.submit(1, graph(wide(0, 1, 2)), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.lose("r1");
        tester.runner("r2", 2, "launch 0.0.1 on r2:0 NONE");
        tester.done("0.0.1", "accept 0.0.1 result", "finish stage 0", "job 1 succeeded");
    }

    @Test
    void aBarrierStageHasItsSharesAllAtOnce() {
        tester.runner("r1", 3);
        tester.submit(1, graph(Graphs.barrier(wide(0, 2, 2))), "start stage 0 tasks 2", "wake at 61000");
        tester.runner("r2", 3, "launch 0.0.0 on r1:0 NONE", "launch 0.1.0 on r2:0 NONE");
    }

    @Test
    void aBarrierStageWhoseSharesCannotBeThereFailsAtOnce() {
        tester.submit(
                1,
                graph(Graphs.barrier(wide(0, 5, 2))),
                "job 1 failed: collect at etl.py:0 is of a barrier stage: its 5 tasks run all at once, in 2 slots each,"
                        + " and the application has 9 slots.\n"
                        + "Use fewer partitions, repartition(4) before barrier(), or more slots: local[10], or"
                        + " --num-executors times --executor-cores on a cluster.");
    }

    @Test
    void whatIsLeftOfARunnerCountsAsTakenWhereMoreAreWanted() {
        tester.runner("r1", 5);
        tester.submit(
                1,
                graph(wide(0, 5, 2)),
                "start stage 0 tasks 5",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r1:1 NONE",
                "wake at 1050");
        assertEquals(15, tester.scheduler.demand(0, 5));
        assertEquals(12, tester.scheduler.demand(0, 4));
    }
}
