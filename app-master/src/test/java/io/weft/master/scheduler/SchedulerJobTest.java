package io.weft.master.scheduler;

import static io.weft.master.scheduler.Graphs.flat;
import static io.weft.master.scheduler.Graphs.mapReduce;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.master.stages.StageGraph;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SchedulerJobTest {
    private final SchedulerTester tester = new SchedulerTester();

    @Test
    void runsAStageAndFinishesItsJob() {
        tester.runner("r1", 2);
        tester.submit(1, flat(0, 2), "start stage 0 tasks 2", "launch 0.0.0 on r1:0 NONE", "launch 0.1.0 on r1:1 NONE");
        tester.done("0.1.0", "accept 0.1.0 result");
        tester.done("0.0.0", "accept 0.0.0 result", "finish stage 0", "job 1 succeeded");
    }

    @Test
    void aTaskWaitsUntilASlotIsFree() {
        tester.submit(1, flat(0, 2), "start stage 0 tasks 2");
        tester.runner("r1", 1, "launch 0.0.0 on r1:0 NONE");
        tester.done("0.0.0", "accept 0.0.0 result", "launch 0.1.0 on r1:0 NONE");
    }

    @Test
    void aReducerStartsWhenAllMapsAreDone() {
        tester.runner("r1", 2);
        tester.submit(
                1,
                mapReduce(0, 7, 2, 1),
                "start stage 0 tasks 2",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r1:1 NONE");
        tester.done("0.0.0", "accept 0.0.0");
        tester.done(
                "0.1.0",
                "accept 0.1.0",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [0, 0]",
                "launch 1.0.0 on r1:0 NONE reads {7=1}");
        tester.done("1.0.0", "accept 1.0.0 result", "finish stage 1", "job 1 succeeded");
    }

    @Test
    void aShuffleThatIsThereIsNotWrittenAgain() {
        tester.runner("r1", 1);
        tester.submit(1, mapReduce(0, 7, 1, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.done(
                "0.0.0",
                "accept 0.0.0",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [0]",
                "launch 1.0.0 on r1:0 NONE reads {7=1}");
        tester.done("1.0.0", "accept 1.0.0 result", "finish stage 1", "job 1 succeeded");
        tester.submit(2, mapReduce(2, 7, 1, 1), "start stage 3 tasks 1", "launch 3.0.0 on r1:0 NONE reads {7=1}");
    }

    @Test
    void twoJobsThatNeedOneShuffleWriteItOnce() {
        tester.runner("r1", 2);
        tester.submit(1, mapReduce(0, 7, 1, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.submit(2, mapReduce(2, 7, 1, 1));
        tester.done(
                "0.0.0",
                "accept 0.0.0",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [0]",
                "launch 1.0.0 on r1:1 NONE reads {7=1}",
                "start stage 3 tasks 1",
                "launch 3.0.0 on r1:0 NONE reads {7=1}");
    }

    @Test
    void aJobTakesOverTheShuffleOfOneThatIsCancelled() {
        tester.runner("r1", 2);
        tester.submit(1, mapReduce(0, 7, 1, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.submit(2, mapReduce(2, 7, 1, 1));
        tester.on(
                new SchedulerEvent.JobCancelled(1, "enough"),
                "job 1 cancelled: enough",
                "cancel 0.0.0 on r1",
                "start stage 2 tasks 1",
                "launch 2.0.1 on r1:1 NONE");
        tester.done("0.0.0");
        tester.done(
                "2.0.1",
                "accept 2.0.1",
                "finish stage 2",
                "start stage 3 tasks 1",
                "ready 7 epoch 1 attempts [1]",
                "launch 3.0.0 on r1:0 NONE reads {7=1}");
    }

    @Test
    void aJobWithoutTasksSucceedsAtOnce() {
        tester.submit(1, flat(0, 0), "job 1 succeeded");
    }

    @Test
    void slotsAreSharedFairlyBetweenJobs() {
        tester.runner("r1", 3);
        tester.submit(
                1,
                flat(0, 9),
                "start stage 0 tasks 9",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r1:1 NONE",
                "launch 0.2.0 on r1:2 NONE");
        tester.submit(2, flat(1, 9), "start stage 1 tasks 9");
        tester.done("0.0.0", "accept 0.0.0 result", "launch 1.0.0 on r1:0 NONE");
        tester.done("0.1.0", "accept 0.1.0 result", "launch 0.3.0 on r1:1 NONE");
        tester.done("1.0.0", "accept 1.0.0 result", "launch 1.1.0 on r1:0 NONE");
    }

    @Test
    void aJobsEarlierStageGoesFirst() {
        StageGraph graph = new StageGraph(List.of(
                Graphs.map(0, 7, List.of(), Graphs.nowhere(2)),
                Graphs.map(1, 8, List.of(), Graphs.nowhere(1)),
                Graphs.result(2, List.of(7, 8), Graphs.nowhere(1))));
        tester.submit(1, graph, "start stage 0 tasks 2", "start stage 1 tasks 1");
        tester.runner("r1", 1, "launch 0.0.0 on r1:0 NONE");
        tester.done("0.0.0", "accept 0.0.0", "launch 0.1.0 on r1:0 NONE");
        tester.done("0.1.0", "accept 0.1.0", "finish stage 0", "launch 1.0.0 on r1:0 NONE");
    }

    @Test
    void fewTasksSpreadOverRunners() {
        tester.runner("r1", 2);
        tester.runner("r2", 2);
        tester.submit(1, flat(0, 2), "start stage 0 tasks 2", "launch 0.0.0 on r1:0 NONE", "launch 0.1.0 on r2:0 NONE");
    }

    @Test
    void aCancelledJobsSlotIsFreeOnlyWhenItsAttemptHasEnded() {
        tester.runner("r1", 1);
        tester.submit(1, flat(0, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.on(new SchedulerEvent.JobCancelled(1, "enough"), "job 1 cancelled: enough", "cancel 0.0.0 on r1");
        tester.submit(2, flat(1, 1), "start stage 1 tasks 1");
        tester.on(new SchedulerEvent.TaskCancelled(SchedulerTester.id("0.0.0")), "launch 1.0.0 on r1:0 NONE");
    }

    @Test
    void aGroupIsCancelledWithoutTheOthers() {
        tester.submit(1, flat(0, 1), "start stage 0 tasks 1");
        tester.submit(2, flat(1, 1), "start stage 1 tasks 1");
        tester.on(new SchedulerEvent.GroupCancelled("group2", "enough"), "job 2 cancelled: enough");
        tester.runner("r1", 2, "launch 0.0.0 on r1:0 NONE");
    }

    @Test
    void allJobsAreCancelledAndNoneStartsAnothersShuffle() {
        tester.runner("r1", 2);
        tester.submit(1, mapReduce(0, 7, 1, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.submit(2, mapReduce(2, 7, 1, 1));
        tester.on(
                new SchedulerEvent.AllCancelled("stop"),
                "job 1 cancelled: stop",
                "cancel 0.0.0 on r1",
                "job 2 cancelled: stop");
    }

    @Test
    void aSecondSubmissionOfAJobIsDropped() {
        tester.submit(1, flat(0, 1), "start stage 0 tasks 1");
        tester.submit(1, flat(0, 1));
        tester.runner("r1", 2, "launch 0.0.0 on r1:0 NONE");
    }

    @Test
    void aSaveIsCommittedWhenAllItsTasksAre() {
        tester.runner("r1", 1);
        tester.submit(
                1,
                new StageGraph(List.of(Graphs.save(0, List.of(), 1))),
                "start stage 0 tasks 1",
                "launch 0.0.0 on r1:0 NONE");
        tester.on(new SchedulerEvent.CommitWanted(SchedulerTester.id("0.0.0")), "grant 0.0.0 on r1");
        tester.done("0.0.0", "accept 0.0.0 result", "finish stage 0", "commit job 1");
        tester.on(new SchedulerEvent.JobCancelled(1, "too late"));
        tester.on(new SchedulerEvent.JobCommitted(1, Optional.empty()), "job 1 succeeded");
        tester.on(new SchedulerEvent.JobCommitted(1, Optional.empty()));
    }

    @Test
    void aJobWhoseCommitFailsFails() {
        tester.submit(1, new StageGraph(List.of(Graphs.save(0, List.of(), 0))), "commit job 1");
        tester.on(
                new SchedulerEvent.JobCommitted(1, Optional.of(SchedulerTester.EXTERNAL)),
                "job 1 failed: EXTERNAL it was");
    }

    @Test
    void aDroppedShuffleGoesWhenNoJobReadsIt() {
        tester.runner("r1", 1);
        tester.submit(1, mapReduce(0, 7, 1, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.on(new SchedulerEvent.ShuffleDropped(7));
        tester.on(
                new SchedulerEvent.JobCancelled(1, "enough"),
                "job 1 cancelled: enough",
                "cancel 0.0.0 on r1",
                "drop shuffle 7");
        tester.on(new SchedulerEvent.ShuffleDropped(7));
    }

    @Test
    void aShuffleOfAnotherSizeFailsTheLaterJob() {
        tester.submit(1, mapReduce(0, 7, 2, 1), "start stage 0 tasks 2");
        tester.submit(2, mapReduce(2, 7, 3, 1), "job 2 failed: shuffle 7 has 3 maps, an earlier job gave it 2");
        tester.runner("r1", 1, "launch 0.0.0 on r1:0 NONE");
    }

    @Test
    void slotsAreWantedForWhatRunsAndWhatWaits() {
        tester.runner("r1", 1);
        tester.submit(
                1,
                Graphs.local(0, List.of(List.of("h1", "h2"), List.of("h2"), List.of())),
                "start stage 0 tasks 3",
                "launch 0.0.0 on r1:0 NODE");
        assertEquals(Optional.of(new SchedulerAction.WantSlots(3, Map.of("h1", 1, "h2", 2))), tester.wanted);
        tester.on(new SchedulerEvent.JobCancelled(1, "enough"), "job 1 cancelled: enough", "cancel 0.0.0 on r1");
        assertEquals(Optional.of(new SchedulerAction.WantSlots(0, Map.of())), tester.wanted);
    }
}
