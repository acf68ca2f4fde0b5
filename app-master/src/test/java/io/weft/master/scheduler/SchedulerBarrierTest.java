package io.weft.master.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchedulerBarrierTest {
    private static final SchedulerSettings LIMITED =
            SchedulerSettings.DEFAULT.withBarrier(new SchedulerSettings.Barrier(4, 60_000, 5_000));

    private final SchedulerTester tester = new SchedulerTester(LIMITED);

    private void mapsOnTwoRunners() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        Stage maps = Graphs.barrier(Graphs.map(0, 7, List.of(), Graphs.nowhere(2)));
        Stage result = Graphs.result(1, List.of(7), Graphs.nowhere(1));
        tester.submitTwo(1, new StageGraph(List.of(maps, result)), "r1:0", "r2:0");
    }

    private void gangOfTwo() {
        tester.runner("r1", 2);
        tester.submitTwo(1, Graphs.gang(0, 2), "r1:0", "r1:1");
    }

    @Test
    void waitsUntilAllTasksHaveASlotAndLaunchesThemTogether() {
        tester.runner("r1", 1);
        tester.submit(1, Graphs.gang(0, 2), "start stage 0 tasks 2", "wake at 61000");
        tester.runner("r2", 1, "launch 0.0.0 on r1:0 NONE", "launch 0.1.0 on r2:0 NONE");
        SchedulerAction.LaunchTask launch = (SchedulerAction.LaunchTask) tester.last.get(0);
        assertEquals(List.of("h1:0", "h2:0"), launch.gang());
    }

    @Test
    void tasksGoToTheHostsThatTheyPrefer() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        Stage stage = Graphs.result(0, List.of(), List.of(List.of("h2"), List.of("h1")));
        tester.submit(
                1,
                new StageGraph(List.of(Graphs.barrier(stage))),
                "start stage 0 tasks 2",
                "launch 0.0.0 on r2:0 NODE",
                "launch 0.1.0 on r1:0 NODE");
    }

    @Test
    void aStageOfMoreTasksThanTheApplicationCanHaveSlotsFailsAtOnce() {
        tester.runner("r1", 1);
        tester.submit(
                1,
                Graphs.gang(0, 5),
                "job 1 failed: collect at etl.py:0 is of a barrier stage: its 5 tasks run all at once, and the"
                        + " application has 4 slots.\n"
                        + "Use fewer partitions, repartition(4) before barrier(), or more slots: local[5], or"
                        + " --num-executors times --executor-cores on a cluster.");
    }

    @Test
    void aStageThatWaitsTooLongForSlotsFails() {
        tester.runner("r1", 1);
        tester.submit(1, Graphs.gang(0, 2), "start stage 0 tasks 2", "wake at 61000");
        tester.after(59_999, "wake at 61000");
        tester.after(
                1,
                "job 1 failed: collect at etl.py:0 is of a barrier stage: its 2 tasks run all at once, and in 60 s"
                        + " (weft.barrier.slotsTimeout) there were never so many slots; now there are 1.\n"
                        + "Give the application more that can be had, or use fewer partitions: repartition(1) before"
                        + " barrier().");
    }

    @Test
    void freeSlotsAreSetAsideUntilThereAreEnough() {
        tester.runner("r1", 2);
        tester.submit(1, Graphs.flat(0, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.submit(2, Graphs.gang(10, 2), "start stage 10 tasks 2");
        // a slot is free, and is kept for the barrier stage
        tester.submit(3, Graphs.flat(20, 1), "start stage 20 tasks 1");
        tester.done(
                "0.0.0",
                "accept 0.0.0 result",
                "finish stage 0",
                "job 1 succeeded",
                "launch 10.0.0 on r1:0 NONE",
                "launch 10.1.0 on r1:1 NONE");
        tester.done("10.0.0", "park 10.0.0", "launch 20.0.0 on r1:0 NONE");
    }

    @Test
    void othersTakeTheSlotsWhileThereAreTooFewInAll() {
        tester.runner("r1", 1);
        tester.submit(1, Graphs.gang(0, 2), "start stage 0 tasks 2", "wake at 61000");
        tester.submit(2, Graphs.flat(10, 1), "start stage 10 tasks 1", "launch 10.0.0 on r1:0 NONE", "wake at 61000");
    }

    @Test
    void slotsThatWereSetAsideGoBackWhenTheStageIsCancelled() {
        tester.runner("r1", 2);
        tester.submit(1, Graphs.flat(0, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.submit(2, Graphs.gang(10, 2), "start stage 10 tasks 2");
        tester.submit(3, Graphs.flat(20, 1), "start stage 20 tasks 1");
        tester.on(
                new SchedulerEvent.JobCancelled(2, "enough"), "job 2 cancelled: enough", "launch 20.0.0 on r1:1 NONE");
    }

    @Test
    void whatTasksMadeIsAcceptedWhenAllHaveSucceeded() {
        gangOfTwo();
        tester.done("0.1.0", "park 0.1.0");
        tester.done(
                "0.0.0",
                "park 0.0.0",
                "accept 0.0.0 result",
                "accept 0.1.0 result",
                "finish stage 0",
                "job 1 succeeded");
    }

    @Test
    void aFailureEndsAllTasksAndAllRunAgain() {
        tester.runner("r1", 3);
        gangOfThree();
        tester.done("0.0.0", "park 0.0.0");
        tester.failed("0.1.0", SchedulerTester.USER, "cancel 0.2.0 on r1", "drop 0.0.0");
        tester.on(
                new SchedulerEvent.TaskCancelled(SchedulerTester.id("0.2.0")),
                "launch 0.0.1 on r1:0 NONE",
                "launch 0.1.1 on r1:1 NONE",
                "launch 0.2.1 on r1:2 NONE");
    }

    private void gangOfThree() {
        tester.submit(
                1,
                Graphs.gang(0, 3),
                "start stage 0 tasks 3",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r1:1 NONE",
                "launch 0.2.0 on r1:2 NONE");
    }

    @Test
    void failuresOfAnyTaskCountForTheStage() {
        gangOfTwo();
        for (int attempt = 0; attempt < 3; attempt++) {
            String failing = "0." + attempt % 2 + "." + attempt;
            String other = "0." + (1 - attempt % 2) + "." + attempt;
            tester.failed(failing, SchedulerTester.USER, "cancel " + other + " on r1");
            tester.on(
                    new SchedulerEvent.TaskCancelled(SchedulerTester.id(other)),
                    "launch 0.0." + (attempt + 1) + " on r1:0 NONE",
                    "launch 0.1." + (attempt + 1) + " on r1:1 NONE");
        }
        tester.failed(
                "0.1.3",
                SchedulerTester.USER,
                "cancel 0.0.3 on r1",
                "job 1 failed by 0.1.3 on [h1, h1, h1, h1]: stage 0 task 1 attempt 3 failed 4 times with all tasks of"
                        + " its barrier stage, last: USER it was");
    }

    @Test
    void aLostRunnerEndsTheTryEvenOfTasksThatHaveSucceeded() {
        mapsOnTwoRunners();
        tester.done("0.0.0", "park 0.0.0");
        tester.lose("r1", "cancel 0.1.0 on r2", "drop 0.0.0", "wake at 61000");
    }

    @Test
    void aLostOutputOfABarrierStageHasAllOfThemMadeAgain() {
        mapsOnTwoRunners();
        tester.done("0.0.0", "park 0.0.0");
        tester.done(
                "0.1.0",
                "park 0.1.0",
                "accept 0.0.0",
                "accept 0.1.0",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [0, 0]",
                "launch 1.0.0 on r1:0 NONE reads {7=1}");
        tester.fetchFailed(
                "1.0.0",
                SchedulerTester.outputId(7, 1, 0),
                "start stage 0 tasks 2",
                "launch 0.0.1 on r1:0 NONE",
                "launch 0.1.1 on r2:0 NONE");
    }

    @Test
    void aLostResultHasAllRunAgainAndTakesNoneOfTheTryBefore() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submitTwo(1, Graphs.gang(0, 2), "r1:0", "r2:0");
        tester.holds("0.0.0", "park 0.0.0");
        tester.holds("0.1.0", "park 0.1.0", "accept 0.0.0 result", "accept 0.1.0 result", "finish stage 0");
        tester.taken(1, "0.0.0");
        tester.resultLost(
                1, "0.1.0", "start stage 0 tasks 2", "launch 0.0.1 on r1:0 NONE", "launch 0.1.1 on r2:0 NONE");
        tester.holds("0.0.1", "park 0.0.1");
        tester.done("0.1.1", "park 0.1.1", "accept 0.0.1 result", "accept 0.1.1 result", "finish stage 0");
        tester.taken(1, "0.0.1", "job 1 succeeded");
    }

    @Test
    void resultsOfATryThatIsVoidMeanNothing() {
        tester.runner("r1", 2);
        tester.submit(
                1,
                Graphs.gang(0, 2),
                "start stage 0 tasks 2",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r1:1 NONE");
        tester.holds("0.0.0", "park 0.0.0");
        tester.holds("0.1.0", "park 0.1.0", "accept 0.0.0 result", "accept 0.1.0 result", "finish stage 0");
        tester.resultLost(
                1, "0.1.0", "start stage 0 tasks 2", "launch 0.0.1 on r1:0 NONE", "launch 0.1.1 on r1:1 NONE");
        tester.resultLost(1, "0.0.0");
        tester.taken(1, "0.0.0");
        tester.done("0.0.1", "park 0.0.1");
        tester.done(
                "0.1.1",
                "park 0.1.1",
                "accept 0.0.1 result",
                "accept 0.1.1 result",
                "finish stage 0",
                "job 1 succeeded");
    }

    @Test
    void commitsAreGrantedWhenAllTasksAskForThem() {
        tester.runner("r1", 2);
        tester.submitTwo(1, new StageGraph(List.of(Graphs.barrier(Graphs.save(0, List.of(), 2)))), "r1:0", "r1:1");
        tester.wantsCommit("0.1.0");
        tester.wantsCommit("0.0.0", "grant 0.0.0 on r1", "grant 0.1.0 on r1");
        tester.done("0.0.0", "park 0.0.0");
        tester.done(
                "0.1.0", "park 0.1.0", "accept 0.0.0 result", "accept 0.1.0 result", "finish stage 0", "commit job 1");
    }

    @Test
    void aCallEndsWhenAllTasksHaveMadeIt() {
        tester.runner("r1", 2);
        tester.runner("r2", 1);
        tester.submit(
                1,
                Graphs.gang(0, 3),
                "start stage 0 tasks 3",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r2:0 NONE",
                "launch 0.2.0 on r1:1 NONE");
        tester.gathers("0.2.0", 0, "c", "wake at 6000");
        tester.gathers("0.0.0", 0, "a", "wake at 6000");
        tester.gathers("0.1.0", 0, "b", "pass 0.0.0 0.2.0 on r1 call 0 [a, b, c]", "pass 0.1.0 on r2 call 0 [a, b, c]");
        tester.reached("0.1.0", 1, "wake at 6000");
        tester.reached("0.0.0", 1, "wake at 6000");
        tester.reached("0.2.0", 1, "pass 0.0.0 0.2.0 on r1 call 1 []", "pass 0.1.0 on r2 call 1 []");
    }

    private static final String ORDER = " All tasks of a barrier stage must make the same calls in the same order.";

    @Test
    void differentCallsAreRefused() {
        gangOfTwo();
        tester.reached("0.0.0", 0, "wake at 6000");
        tester.gathers(
                "0.1.0",
                0,
                "b",
                "refuse 0.0.0 0.1.0 on r1 call 0: In the barrier stage of collect at etl.py:0, task 0 has called"
                        + " barrier() and task 1 allGather(), each as its call number 1." + ORDER);
    }

    @Test
    void whoWaitsForATaskThatHasEndedIsRefused() {
        gangOfTwo();
        tester.reached("0.0.0", 0, "wake at 6000");
        String refusal =
                "refuse 0.0.0 on r1 call 0: In the barrier stage of collect at etl.py:0, task 1 has ended after 0"
                        + " calls, while task 0 waits in barrier(), its call number 1." + ORDER;
        tester.done("0.1.0", "park 0.1.0", refusal);
    }

    @Test
    void whoCallsAfterATaskHasEndedIsRefused() {
        gangOfTwo();
        tester.done("0.1.0", "park 0.1.0");
        String refusal =
                "refuse 0.0.0 on r1 call 0: In the barrier stage of collect at etl.py:0, task 1 has ended after 0"
                        + " calls, while task 0 waits in barrier(), its call number 1." + ORDER;
        tester.reached("0.0.0", 0, refusal);
    }

    @Test
    void aCallThatNotAllMakeInTimeIsRefused() {
        gangOfTwo();
        tester.reached("0.1.0", 0, "wake at 6000");
        tester.after(4_999, "wake at 6000");
        tester.after(
                1,
                "refuse 0.1.0 on r1 call 0: In the barrier stage of collect at etl.py:0, 1 of 2 tasks have made call"
                        + " number 1, barrier(), and waited 5.0 s (weft.barrier.timeout) for task 0 on h1.");
    }

    @Test
    void messagesThatAreTooLargeTogetherAreRefused() {
        gangOfTwo();
        tester.gathers("0.0.0", 0, "a".repeat(BarrierCalls.MAX_CHARACTERS / 2 + 1), "wake at 6000");
        tester.gathers(
                "0.1.0",
                0,
                "b".repeat(BarrierCalls.MAX_CHARACTERS / 2),
                "refuse 0.0.0 0.1.0 on r1 call 0: In the barrier stage of collect at etl.py:0, the messages of"
                        + " allGather, call number 1, have more than 1048576 characters together. Write what is large to a"
                        + " file, and gather its path.");
    }

    @Test
    void aTaskThatIsACallAheadIsRefusedInThatCall() {
        gangOfTwo();
        tester.reached("0.0.0", 0, "wake at 6000");
        tester.reached("0.0.0", 0, "wake at 6000"); // told twice
        tester.reached(
                "0.0.0",
                1,
                "refuse 0.0.0 on r1 call 1: In the barrier stage of collect at etl.py:0, task 0 has made 2 calls where"
                        + " the others make their call number 1." + ORDER);
    }

    @Test
    void aCallOfACancelledAttemptMeansNothing() {
        gangOfTwo();
        tester.failed("0.0.0", SchedulerTester.USER, "cancel 0.1.0 on r1");
        tester.reached("0.1.0", 0);
    }

    @Test
    void slowTasksOfABarrierStageGetNoSecondAttempt() {
        SchedulerTester speculating = new SchedulerTester(
                SchedulerSettings.DEFAULT.withSpeculation(new SchedulerSettings.Speculation(true, 0.1, 1, 1)));
        speculating.runner("r1", 2);
        speculating.runner("r2", 2);
        speculating.submit(
                1,
                Graphs.gang(0, 2),
                "start stage 0 tasks 2",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r2:0 NONE");
        speculating.after(10, new String[0]);
        speculating.done("0.0.0", "park 0.0.0");
        speculating.after(100_000, new String[0]);
    }
}
