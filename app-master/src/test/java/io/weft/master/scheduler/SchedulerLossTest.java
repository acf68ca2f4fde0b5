package io.weft.master.scheduler;

import static io.weft.master.scheduler.Graphs.mapReduce;
import static io.weft.master.scheduler.SchedulerTester.outputId;

import io.weft.master.stages.StageGraph;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is lost of shuffle 7, which stage 0 writes with two maps, and stage 1 reads with two tasks. */
class SchedulerLossTest {
    private final SchedulerTester tester = new SchedulerTester();

    @BeforeEach
    void bothReducersRun() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(
                1,
                mapReduce(0, 7, 2, 2),
                "start stage 0 tasks 2",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r2:0 NONE");
        tester.done("0.0.0", "accept 0.0.0");
        tester.done(
                "0.1.0",
                "accept 0.1.0",
                "finish stage 0",
                "start stage 1 tasks 2",
                "ready 7 epoch 1 attempts [0, 0]",
                "launch 1.0.0 on r1:0 NONE reads {7=1}",
                "launch 1.1.0 on r2:0 NONE reads {7=1}");
    }

    @Test
    void rerunsAMapTaskWhoseOutputCannotBeFetched() {
        tester.fetchFailed("1.0.0", outputId(7, 1, 0), "start stage 0 tasks 1", "launch 0.1.1 on r1:0 NONE");
        tester.done(
                "0.1.1",
                "accept 0.1.1",
                "finish stage 0",
                "ready 7 epoch 2 attempts [0, 1]",
                "launch 1.0.1 on r1:0 NONE reads {7=2}");
    }

    @Test
    void rerunsMapTasksOfALostRunner() {
        tester.lose("r1", "start stage 0 tasks 1");
        tester.runner("r3", 1, "launch 0.0.1 on r3:0 NONE");
        tester.done(
                "0.0.1",
                "accept 0.0.1",
                "finish stage 0",
                "ready 7 epoch 2 attempts [1, 0]",
                "launch 1.0.1 on r3:0 NONE reads {7=2}");
    }

    @Test
    void outputsThatCanStillBeReadAreKept() {
        tester.on(new SchedulerEvent.RunnerLost("r1", true, "idle"));
        tester.runner("r3", 1, "launch 1.0.1 on r3:0 NONE reads {7=1}");
    }

    @Test
    void outputsOfALostRunnerAreLostWhenItsHostIsGoneToo() {
        tester.on(new SchedulerEvent.RunnerLost("r1", true, "idle"));
        tester.lose("r1", "start stage 0 tasks 1");
        tester.runner("r3", 1, "launch 0.0.1 on r3:0 NONE");
    }

    @Test
    void aReducerThatRunsIsNotDisturbedByALoss() {
        tester.lose("r1", "start stage 0 tasks 1");
        tester.done("1.1.0", "accept 1.1.0 result", "launch 0.0.1 on r2:0 NONE");
        tester.done(
                "0.0.1",
                "accept 0.0.1",
                "finish stage 0",
                "ready 7 epoch 2 attempts [1, 0]",
                "launch 1.0.1 on r2:0 NONE reads {7=2}");
        tester.done("1.0.1", "accept 1.0.1 result", "finish stage 1", "job 1 succeeded");
    }

    @Test
    void aLossThatIsReportedTwiceRerunsItsMapOnce() {
        tester.fetchFailed("1.0.0", outputId(7, 1, 0), "start stage 0 tasks 1", "launch 0.1.1 on r1:0 NONE");
        tester.fetchFailed("1.0.0", outputId(7, 1, 0));
        tester.fetchFailed("1.1.0", outputId(7, 1, 0));
        tester.done(
                "0.1.1",
                "accept 0.1.1",
                "finish stage 0",
                "ready 7 epoch 2 attempts [0, 1]",
                "launch 1.0.1 on r2:0 NONE reads {7=2}",
                "launch 1.1.1 on r1:0 NONE reads {7=2}");
    }

    @Test
    void aLateLossOfAnOutputThatWasReplacedChangesNothing() {
        tester.fetchFailed("1.0.0", outputId(7, 1, 0), "start stage 0 tasks 1", "launch 0.1.1 on r1:0 NONE");
        tester.done(
                "0.1.1",
                "accept 0.1.1",
                "finish stage 0",
                "ready 7 epoch 2 attempts [0, 1]",
                "launch 1.0.1 on r1:0 NONE reads {7=2}");
        tester.fetchFailed("1.1.0", outputId(7, 1, 0), "launch 1.1.1 on r2:0 NONE reads {7=2}");
    }

    @Test
    void aLossReportedByAnAttemptNobodyWaitsForStillCounts() {
        tester.lose("r2", "start stage 0 tasks 1");
        tester.fetchFailed("1.1.0", outputId(7, 0, 0));
        tester.done("1.0.0", "accept 1.0.0 result", "launch 0.1.1 on r1:0 NONE");
        tester.done("0.1.1", "accept 0.1.1", "launch 0.0.1 on r1:0 NONE");
    }

    @Test
    void fetchFailuresDoNotCountAgainstTheTask() {
        for (int i = 0; i < 3; i++) {
            int next = i + 1;
            tester.fetchFailed(
                    "1.0." + i, outputId(7, 1, i), "start stage 0 tasks 1", "launch 0.1." + next + " on r1:0 NONE");
            tester.done(
                    "0.1." + next,
                    "accept 0.1." + next,
                    "finish stage 0",
                    "ready 7 epoch " + (next + 1) + " attempts [0, " + next + "]",
                    "launch 1.0." + next + " on r1:0 NONE reads {7=" + (next + 1) + "}");
        }
        tester.done("1.0.3", "accept 1.0.3 result");
    }

    @Test
    void aStageThatLosesItsOutputsFourTimesInARowFailsTheJob() {
        for (int i = 0; i < 3; i++) {
            int next = i + 1;
            tester.fetchFailed(
                    "1.0." + i, outputId(7, 1, i), "start stage 0 tasks 1", "launch 0.1." + next + " on r1:0 NONE");
            tester.done(
                    "0.1." + next,
                    "accept 0.1." + next,
                    "finish stage 0",
                    "ready 7 epoch " + (next + 1) + " attempts [0, " + next + "]",
                    "launch 1.0." + next + " on r1:0 NONE reads {7=" + (next + 1) + "}");
        }
        tester.fetchFailed(
                "1.0.3",
                outputId(7, 1, 3),
                "job 1 failed: stage 0 (map, etl.py:0) was run 4 times: map outputs were lost each time, last on h1",
                "cancel 1.1.0 on r2");
    }

    @Test
    void lossesOfAFinishedJobsShuffleAreRunByTheNextJob() {
        tester.done("1.0.0", "accept 1.0.0 result");
        tester.done("1.1.0", "accept 1.1.0 result", "finish stage 1", "job 1 succeeded");
        tester.lose("r2");
        tester.submit(2, mapReduce(2, 7, 2, 1), "start stage 2 tasks 1", "launch 2.1.1 on r1:0 NONE");
        tester.done(
                "2.1.1",
                "accept 2.1.1",
                "finish stage 2",
                "start stage 3 tasks 1",
                "ready 7 epoch 2 attempts [0, 1]",
                "launch 3.0.0 on r1:0 NONE reads {7=2}");
    }

    @Test
    void aLossDuringTheMapStageRerunsOnlyWhatIsMissing() {
        SchedulerTester other = new SchedulerTester();
        other.runner("r1", 1);
        other.runner("r2", 1);
        other.submit(
                1,
                mapReduce(0, 7, 2, 1),
                "start stage 0 tasks 2",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r2:0 NONE");
        other.done("0.0.0", "accept 0.0.0");
        other.lose("r1");
        other.done("0.1.0", "accept 0.1.0", "launch 0.0.1 on r2:0 NONE");
        other.done(
                "0.0.1",
                "accept 0.0.1",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [1, 0]",
                "launch 1.0.0 on r2:0 NONE reads {7=1}");
    }

    @Test
    void aLossTwoStagesBackRerunsBoth() {
        SchedulerTester deep = new SchedulerTester();
        deep.runner("r1", 1);
        StageGraph graph = new StageGraph(List.of(
                Graphs.map(0, 7, List.of(), Graphs.nowhere(1)),
                Graphs.map(1, 8, List.of(7), Graphs.nowhere(1)),
                Graphs.result(2, List.of(8), Graphs.nowhere(1))));
        deep.submit(1, graph, "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        deep.done(
                "0.0.0",
                "accept 0.0.0",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [0]",
                "launch 1.0.0 on r1:0 NONE reads {7=1}");
        deep.done(
                "1.0.0",
                "accept 1.0.0",
                "finish stage 1",
                "start stage 2 tasks 1",
                "ready 8 epoch 1 attempts [0]",
                "launch 2.0.0 on r1:0 NONE reads {8=1}");
        deep.lose("r1", "start stage 0 tasks 1");
        deep.runner("r2", 1, "launch 0.0.1 on r2:0 NONE");
        deep.done(
                "0.0.1",
                "accept 0.0.1",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 2 attempts [1]",
                "launch 1.0.1 on r2:0 NONE reads {7=2}");
    }

    @Test
    void aMapTaskThatMustReadALostShuffleWaitsForIt() {
        SchedulerTester deep = new SchedulerTester();
        deep.runner("r1", 1);
        deep.runner("r2", 1);
        StageGraph graph = new StageGraph(List.of(
                Graphs.map(0, 7, List.of(), Graphs.nowhere(1)),
                Graphs.map(1, 8, List.of(7), Graphs.nowhere(3)),
                Graphs.result(2, List.of(8), Graphs.nowhere(1))));
        deep.submit(1, graph, "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        deep.done(
                "0.0.0",
                "accept 0.0.0",
                "finish stage 0",
                "start stage 1 tasks 3",
                "ready 7 epoch 1 attempts [0]",
                "launch 1.0.0 on r2:0 NONE reads {7=1}",
                "launch 1.1.0 on r1:0 NONE reads {7=1}");
        deep.lose("r1", "start stage 0 tasks 1");
        deep.done("1.0.0", "accept 1.0.0", "launch 0.0.1 on r2:0 NONE");
        deep.done(
                "0.0.1",
                "accept 0.0.1",
                "finish stage 0",
                "ready 7 epoch 2 attempts [1]",
                "launch 1.2.0 on r2:0 NONE reads {7=2}");
    }

    /** Stage 2 writes shuffle 9, which stage 1 turns out to need as well. */
    private static StageGraph extended() {
        return new StageGraph(List.of(
                Graphs.map(0, 7, List.of(), Graphs.nowhere(2)),
                Graphs.map(2, 9, List.of(), Graphs.nowhere(1)),
                Graphs.result(1, List.of(7, 9), Graphs.nowhere(2))));
    }

    @Test
    void aJobThatNeedsMoreThanItWasSubmittedWithWaitsForThat() {
        tester.on(new SchedulerEvent.JobExtended(1, extended()));
        tester.done("1.0.0", "accept 1.0.0 result");
        tester.failed("1.1.0", SchedulerTester.EXTERNAL, "start stage 2 tasks 1", "launch 2.0.0 on r1:0 NONE");
        tester.on(
                new SchedulerEvent.TaskSucceeded(
                        SchedulerTester.id("2.0.0"),
                        Optional.of(SchedulerTester.output(9, SchedulerTester.id("2.0.0"), "r1")),
                        false),
                "accept 2.0.0",
                "finish stage 2",
                "ready 9 epoch 1 attempts [0]",
                "launch 1.1.1 on r2:0 NONE reads {7=1, 9=1}");
        tester.done("1.1.1", "accept 1.1.1 result", "finish stage 1", "job 1 succeeded");
        tester.on(new SchedulerEvent.JobExtended(1, extended()));
    }
}
