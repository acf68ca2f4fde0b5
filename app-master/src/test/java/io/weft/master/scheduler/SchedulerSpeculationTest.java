package io.weft.master.scheduler;

import static io.weft.master.scheduler.SchedulerTester.USER;

import io.weft.master.stages.StageGraph;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Second attempts of slow tasks. */
class SchedulerSpeculationTest {
    /** Half of the tasks done, twice their median, at least 100 ms. */
    private final SchedulerTester tester = new SchedulerTester(
            SchedulerSettings.DEFAULT.withSpeculation(new SchedulerSettings.Speculation(true, 0.5, 2, 100)));

    /** Four tasks on two hosts; all but task 3, on h2, are done after 400 ms, and it has a second attempt on h1 after 860 ms. */
    private void theLastTaskRunsTwice(boolean saves) {
        tester.runner("r1", 2);
        tester.runner("r2", 2);
        tester.submit(
                0,
                saves ? new StageGraph(List.of(Graphs.save(0, List.of(), 4))) : Graphs.flat(0, 4),
                "start stage 0 tasks 4",
                "launch 0.0.0 on r1:0 NONE",
                "launch 0.1.0 on r2:0 NONE",
                "launch 0.2.0 on r1:1 NONE",
                "launch 0.3.0 on r2:1 NONE");
        tester.now += 400;
        // The median is read from a histogram: up to 429.5 ms, twice that is 859.
        String wake = "wake at 1860";
        for (String id : List.of("0.0.0", "0.1.0", "0.2.0")) {
            if (saves) {
                String[] granted = {"grant " + id + " on " + (id.equals("0.1.0") ? "r2" : "r1"), wake};
                tester.wantsCommit(id, id.equals("0.2.0") ? granted : new String[] {granted[0]});
            }
            tester.done(
                    id,
                    id.equals("0.0.0")
                            ? new String[] {"accept " + id + " result"}
                            : new String[] {"accept " + id + " result", wake});
        }
        tester.after(459, wake);
        tester.after(1, "launch 0.3.1 on r1:0 NONE");
    }

    @Test
    void theSecondAttemptWinsWhenItIsFaster() {
        theLastTaskRunsTwice(false);
        tester.done("0.3.1", "cancel 0.3.0 on r2", "accept 0.3.1 result", "finish stage 0", "job 0 succeeded");
        tester.done("0.3.0");
    }

    @Test
    void theFirstAttemptWinsWhenItIsFaster() {
        theLastTaskRunsTwice(false);
        tester.done("0.3.0", "cancel 0.3.1 on r1", "accept 0.3.0 result", "finish stage 0", "job 0 succeeded");
        tester.done("0.3.1");
    }

    @Test
    void whicheverFailsTheOtherGoesOnAlone() {
        theLastTaskRunsTwice(false);
        tester.failed("0.3.0", USER, "wake at 2720");
        tester.done("0.3.1", "accept 0.3.1 result", "finish stage 0", "job 0 succeeded");
    }

    @Test
    void aTaskWhoseAttemptsAreBothLostRunsAgain() {
        theLastTaskRunsTwice(false);
        tester.lose("r1");
        tester.runner("r3", 1, "launch 0.3.2 on r3:0 NONE");
        tester.failed("0.3.0", SchedulerTester.EXTERNAL, "wake at 2720");
        tester.lose("r3", "launch 0.3.3 on r2:0 NONE");
    }

    @Test
    void aFailureOfEitherAttemptCountsForTheTask() {
        SchedulerTester strict = new SchedulerTester(SchedulerSettings.DEFAULT
                .withMaxTaskFailures(2)
                .withSpeculation(new SchedulerSettings.Speculation(true, 0.5, 0, 0)));
        strict.runner("r1", 1);
        strict.runner("r2", 2);
        strict.submitTwo(0, Graphs.flat(0, 2), "r1:0", "r2:0");
        strict.now += 10;
        strict.done("0.0.0", "accept 0.0.0 result", "launch 0.1.1 on r1:0 NONE");
        strict.failed("0.1.1", USER, "launch 0.1.2 on r1:0 NONE");
        strict.failed(
                "0.1.0",
                USER,
                "job 0 failed by 0.1.0 on [h1, h2]: stage 0 task 1 attempt 0 failed 2 times, last: USER it was",
                "cancel 0.1.2 on r1");
    }

    @Test
    void whoAsksFirstCommitsAndTheOtherIsCancelled() {
        theLastTaskRunsTwice(true);
        tester.wantsCommit("0.3.1", "cancel 0.3.0 on r2", "grant 0.3.1 on r1");
        tester.wantsCommit("0.3.0", "deny 0.3.0 on r2");
        tester.done("0.3.1", "accept 0.3.1 result", "finish stage 0", "commit job 0");
    }

    @Test
    void aCancelledJobStopsBothAttempts() {
        theLastTaskRunsTwice(false);
        tester.on(
                new SchedulerEvent.JobCancelled(0, "enough"),
                "job 0 cancelled: enough",
                "cancel 0.3.1 on r1",
                "cancel 0.3.0 on r2");
    }

    @Test
    void thereIsNoSecondAttemptOnTheSameHost() {
        tester.runner("r1", 2);
        tester.submitTwo(0, Graphs.flat(0, 2), "r1:0", "r1:1");
        tester.now += 400;
        tester.done("0.0.0", "accept 0.0.0 result");
        tester.after(60_000);
        tester.runner("r2", 1, "launch 0.1.1 on r2:0 NONE");
    }

    @Test
    void withoutTheSettingATaskRunsOnce() {
        SchedulerTester plain = new SchedulerTester();
        plain.runner("r1", 1);
        plain.runner("r2", 1);
        plain.submitTwo(0, Graphs.flat(0, 2), "r1:0", "r2:0");
        plain.now += 400;
        plain.done("0.0.0", "accept 0.0.0 result");
        plain.after(600_000);
    }
}
