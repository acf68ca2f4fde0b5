package io.weft.master.scheduler;

import static io.weft.master.scheduler.Graphs.flat;
import static io.weft.master.scheduler.Graphs.mapReduce;

import org.junit.jupiter.api.Test;

/** Results that their runners hold until the driver has them. */
class SchedulerResultTest {
    private final SchedulerTester tester = new SchedulerTester();

    /** Stage 0 has two tasks, both done; r1 holds the result of the first, r2 that of the second. */
    private void bothHeld() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(1, flat(0, 2), "start stage 0 tasks 2", "launch 0.0.0 on r1:0 NONE", "launch 0.1.0 on r2:0 NONE");
        tester.holds("0.0.0", "accept 0.0.0 result");
        tester.holds("0.1.0", "accept 0.1.0 result", "finish stage 0");
    }

    @Test
    void aJobEndsWhenTheDriverHasTheLastResult() {
        bothHeld();
        tester.taken(1, "0.1.0");
        tester.taken(1, "0.0.0", "job 1 succeeded");
    }

    @Test
    void rerunsATaskWhoseResultIsLostAfterItsStageHasFinished() {
        bothHeld();
        tester.lose("r1");
        tester.resultLost(1, "0.0.0", "start stage 0 tasks 1", "launch 0.0.1 on r2:0 NONE");
        tester.taken(1, "0.1.0");
        tester.holds("0.0.1", "accept 0.0.1 result", "finish stage 0");
        tester.taken(1, "0.0.1", "job 1 succeeded");
    }

    @Test
    void rerunsATaskWhoseResultIsLostWhileItsStageRuns() {
        tester.runner("r1", 1);
        tester.submit(1, flat(0, 2), "start stage 0 tasks 2", "launch 0.0.0 on r1:0 NONE");
        tester.holds("0.0.0", "accept 0.0.0 result", "launch 0.1.0 on r1:0 NONE");
        tester.resultLost(1, "0.0.0");
        tester.done("0.1.0", "accept 0.1.0 result", "launch 0.0.1 on r1:0 NONE");
        tester.done("0.0.1", "accept 0.0.1 result", "finish stage 0", "job 1 succeeded");
    }

    @Test
    void rerunsTheMapTasksFirstWhoseOutputsWentWithTheRunner() {
        tester.runner("r1", 1);
        tester.submit(1, mapReduce(0, 7, 1, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.done(
                "0.0.0",
                "accept 0.0.0",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [0]",
                "launch 1.0.0 on r1:0 NONE reads {7=1}");
        tester.holds("1.0.0", "accept 1.0.0 result", "finish stage 1");
        tester.lose("r1");
        tester.resultLost(1, "1.0.0", "start stage 0 tasks 1");
        tester.runner("r2", 1, "launch 0.0.1 on r2:0 NONE");
        tester.done(
                "0.0.1",
                "accept 0.0.1",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 2 attempts [1]",
                "launch 1.0.1 on r2:0 NONE reads {7=2}");
        tester.holds("1.0.1", "accept 1.0.1 result", "finish stage 1");
        tester.taken(1, "1.0.1", "job 1 succeeded");
    }

    @Test
    void theShufflesOfAJobStayUntilItsResultsAreTaken() {
        tester.runner("r1", 1);
        tester.submit(1, mapReduce(0, 7, 1, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        tester.done(
                "0.0.0",
                "accept 0.0.0",
                "finish stage 0",
                "start stage 1 tasks 1",
                "ready 7 epoch 1 attempts [0]",
                "launch 1.0.0 on r1:0 NONE reads {7=1}");
        tester.holds("1.0.0", "accept 1.0.0 result", "finish stage 1");
        tester.on(new SchedulerEvent.ShuffleDropped(7));
        tester.taken(1, "1.0.0", "job 1 succeeded", "drop shuffle 7");
    }

    @Test
    void reportsOfAResultThatIsNotHeldAnyMoreMeanNothing() {
        bothHeld();
        tester.resultLost(1, "0.0.0", "start stage 0 tasks 1", "launch 0.0.1 on r1:0 NONE");
        tester.resultLost(1, "0.0.0");
        tester.taken(1, "0.0.0");
        tester.taken(1, "0.1.0");
        tester.resultLost(1, "0.1.0");
        tester.holds("0.0.1", "accept 0.0.1 result", "finish stage 0");
        tester.taken(1, "0.0.1", "job 1 succeeded");
        tester.resultLost(1, "0.0.1");
        tester.taken(9, "0.0.1");
    }

    @Test
    void aResultLostTooOftenFailsTheJobAndAnAcceptedAttemptBetweenDoesNotExcuseIt() {
        tester.runner("r1", 1);
        tester.submit(1, flat(0, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        int losses = SchedulerSettings.DEFAULT.maxTaskLosses();
        for (int attempt = 0; attempt < losses - 1; attempt++) {
            String next = "launch 0.0." + (attempt + 1) + " on r1:0 NONE";
            tester.holds("0.0." + attempt, "accept 0.0." + attempt + " result", "finish stage 0");
            tester.resultLost(1, "0.0." + attempt, "start stage 0 tasks 1", next);
        }
        String last = "0.0." + (losses - 1);
        tester.holds(last, "accept " + last + " result", "finish stage 0");
        String hosts = "[" + String.join(", ", java.util.Collections.nCopies(losses, "h1")) + "]";
        tester.resultLost(
                1,
                last,
                "job 1 failed by " + last + " on " + hosts + ": stage 0 task 0 attempt " + (losses - 1) + " was lost "
                        + losses + " times, last: its result is lost: container lost");
    }

    @Test
    void aJobWhoseResultsAreHeldCanBeCancelled() {
        bothHeld();
        tester.on(new SchedulerEvent.JobCancelled(1, "enough"), "job 1 cancelled: enough");
        tester.taken(1, "0.0.0");
        tester.resultLost(1, "0.1.0");
    }
}
