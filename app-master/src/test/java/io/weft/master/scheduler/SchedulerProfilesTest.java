package io.weft.master.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.master.stages.Profile;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchedulerProfilesTest {
    private final SchedulerTester tester =
            new SchedulerTester(SchedulerSettings.DEFAULT.withBarrier(new SchedulerSettings.Barrier(9, 60_000, 5_000)));

    /** One stage whose tasks run on runners of this profile, each of which has so many slots in all. */
    private static Stage of(int profile, int id, int tasks) {
        return Graphs.result(id, List.of(), Graphs.nowhere(tasks))
                .with(new Stage.Share(0, 1, new Profile(profile, 4, 0, 0)));
    }

    private static StageGraph graph(Stage stage) {
        return new StageGraph(List.of(stage));
    }

    @Test
    void aTaskWaitsForARunnerOfItsProfile() {
        tester.runner("r1", 2);
        tester.submit(1, graph(of(3, 0, 2)), "start stage 0 tasks 2");
        tester.runnerOf(4, "r2", 2);
        tester.runnerOf(3, "r3", 2, "launch 0.0.0 on r3:0 NONE", "launch 0.1.0 on r3:1 NONE");
    }

    @Test
    void aRunnerOfAProfileIsLeftAloneByOtherTasks() {
        tester.runnerOf(3, "r1", 2);
        tester.submit(1, Graphs.flat(0, 1), "start stage 0 tasks 1");
        tester.runner("r2", 1, "launch 0.0.0 on r2:0 NONE");
    }

    @Test
    void aMapStageAndTheOneThatReadsItRunOnRunnersOfTheirOwn() {
        tester.runner("r1", 1);
        tester.runnerOf(3, "r2", 1);
        Stage map = Graphs.map(0, 7, List.of(), Graphs.nowhere(1));
        Stage reduce =
                Graphs.result(1, List.of(7), Graphs.nowhere(1)).with(new Stage.Share(0, 1, new Profile(3, 4, 0, 0)));
        tester.submit(1, new StageGraph(List.of(map, reduce)), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.done(
                "0.0.0",
                "accept 0.0.0",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [0]",
                "launch 1.0.0 on r2:0 NONE reads {7=1}");
    }

    @Test
    void aHostWhoseRunnersAreOfOtherProfilesIsNotWaitedFor() {
        tester.runner("r1", 1);
        tester.runnerOf(3, "r2", 1);
        tester.after(10_000);
        Stage wants = Graphs.result(0, List.of(), List.of(List.of("h1")))
                .with(new Stage.Share(0, 1, new Profile(3, 4, 0, 0)));
        tester.submit(1, graph(wants), "start stage 0 tasks 1", "wake at 11050");
        tester.after(7_000, "launch 0.0.0 on r2:0 ANY");
    }

    @Test
    void slotsAreSetAsideForABarrierStageOfTheirProfileOnly() {
        tester.runner("r1", 1);
        tester.runnerOf(3, "r2", 2);
        tester.submit(1, graph(of(3, 0, 1)), "start stage 0 tasks 1", "launch 0.0.0 on r2:0 NONE");
        tester.submit(2, graph(Graphs.barrier(of(3, 10, 2))), "start stage 10 tasks 2");
        tester.submit(3, Graphs.flat(20, 1), "start stage 20 tasks 1", "launch 20.0.0 on r1:0 NONE");
        tester.submit(4, graph(of(3, 30, 1)), "start stage 30 tasks 1");
        tester.done(
                "0.0.0",
                "accept 0.0.0 result",
                "finish stage 0",
                "job 1 succeeded",
                "launch 10.0.0 on r2:0 NONE",
                "launch 10.1.0 on r2:1 NONE");
    }

    @Test
    void aBarrierStageForWhichItsProfileHasTooFewSlotsFailsAtOnce() {
        tester.submit(
                1,
                graph(Graphs.barrier(of(3, 0, 5))),
                "job 1 failed: collect at etl.py:0 is of a barrier stage: its 5 tasks run all at once, and its profile's"
                        + " containers have 4 slots.\nUse fewer partitions, repartition(4) before barrier(), or more slots:"
                        + " local[5], or --num-executors times --executor-cores on a cluster.");
    }

    @Test
    void theDemandIsThatOfEachProfile() {
        tester.submit(1, graph(of(3, 0, 5)), "start stage 0 tasks 5");
        tester.submit(2, Graphs.flat(10, 2), "start stage 10 tasks 2");
        assertEquals(5, tester.scheduler.demand(3, 2));
        assertEquals(2, tester.scheduler.demand(0, 2));
        assertEquals(0, tester.scheduler.demand(4, 2));
        tester.runnerOf(3, "r1", 1, "launch 0.0.0 on r1:0 NONE");
        tester.done("0.0.0", "accept 0.0.0 result", "launch 0.1.0 on r1:0 NONE");
        assertEquals(4, tester.scheduler.demand(3, 2));
    }
}
