package io.weft.master.scheduler;

import static io.weft.master.scheduler.Graphs.flat;
import static io.weft.master.scheduler.SchedulerTester.EXTERNAL;
import static io.weft.master.scheduler.SchedulerTester.FATAL;
import static io.weft.master.scheduler.SchedulerTester.INTERNAL;
import static io.weft.master.scheduler.SchedulerTester.USER;

import io.weft.master.stages.StageGraph;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SchedulerFailureTest {
    private final SchedulerTester tester = new SchedulerTester();

    @BeforeEach
    void oneTaskRuns() {
        tester.runner("r1", 1);
        tester.submit(1, flat(0, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
    }

    @Test
    void aFailedTaskRunsAgain() {
        tester.failed("0.0.0", USER, "launch 0.0.1 on r1:0 NONE");
        tester.done("0.0.1", "accept 0.0.1 result", "finish stage 0", "job 1 succeeded");
    }

    @Test
    void theFourthFailureFailsTheJob() {
        tester.failed("0.0.0", USER, "launch 0.0.1 on r1:0 NONE");
        tester.failed("0.0.1", INTERNAL, "launch 0.0.2 on r1:0 NONE");
        tester.failed("0.0.2", USER, "launch 0.0.3 on r1:0 NONE");
        tester.failed(
                "0.0.3",
                USER,
                "job 1 failed by 0.0.3 on [h1, h1, h1, h1]: stage 0 task 0 attempt 3 failed 4 times, last: USER it was");
    }

    @Test
    void aFatalFailureFailsTheJobAtOnce() {
        tester.failed("0.0.0", FATAL, "job 1 failed by 0.0.0 on [h1]: stage 0 task 0 attempt 0 failed FATAL it was");
    }

    @Test
    void externalFailuresDoNotCount() {
        for (int i = 0; i < 4; i++) {
            tester.failed("0.0." + i, EXTERNAL, "launch 0.0." + (i + 1) + " on r1:0 NONE");
        }
        tester.failed("0.0.4", USER, "launch 0.0.5 on r1:0 NONE");
    }

    @Test
    void aTaskThatLosesItsContainerTwentyTimesFailsTheJob() {
        for (int i = 0; i < 19; i++) {
            tester.failed("0.0." + i, EXTERNAL, "launch 0.0." + (i + 1) + " on r1:0 NONE");
        }
        String hosts = String.join(", ", Collections.nCopies(20, "h1"));
        tester.failed(
                "0.0.19",
                EXTERNAL,
                "job 1 failed by 0.0.19 on [" + hosts
                        + "]: stage 0 task 0 attempt 19 was lost 20 times, last: EXTERNAL it was");
    }

    @Test
    void theNumberOfFailuresIsASetting() {
        SchedulerTester once = new SchedulerTester(SchedulerSettings.DEFAULT.withMaxTaskFailures(1));
        once.runner("r1", 1);
        once.submit(1, flat(0, 1), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NONE");
        once.failed("0.0.0", USER, "job 1 failed by 0.0.0 on [h1]: stage 0 task 0 attempt 0 failed USER it was");
    }

    @Test
    void aFailedJobCancelsItsOtherTasks() {
        tester.submit(2, flat(1, 2), "start stage 1 tasks 2");
        tester.runner("r2", 2, "launch 1.0.0 on r2:0 NONE", "launch 1.1.0 on r2:1 NONE");
        tester.failed(
                "1.0.0",
                FATAL,
                "job 2 failed by 1.0.0 on [h2]: stage 1 task 0 attempt 0 failed FATAL it was",
                "cancel 1.1.0 on r2");
    }

    @Test
    void aLateSuccessOfACancelledAttemptOnlyFreesItsSlot() {
        tester.submit(2, flat(1, 1), "start stage 1 tasks 1");
        tester.on(new SchedulerEvent.JobCancelled(1, "enough"), "job 1 cancelled: enough", "cancel 0.0.0 on r1");
        tester.done("0.0.0", "launch 1.0.0 on r1:0 NONE");
    }

    @Test
    void aLateFailureOfACancelledAttemptOnlyFreesItsSlot() {
        tester.on(new SchedulerEvent.JobCancelled(1, "enough"), "job 1 cancelled: enough", "cancel 0.0.0 on r1");
        tester.submit(2, flat(1, 1), "start stage 1 tasks 1");
        tester.failed("0.0.0", FATAL, "launch 1.0.0 on r1:0 NONE");
    }

    @Test
    void aReportThatComesTwiceIsDropped() {
        tester.failed("0.0.0", USER, "launch 0.0.1 on r1:0 NONE");
        tester.failed("0.0.0", USER);
        tester.done("0.0.0");
        tester.done("0.0.1", "accept 0.0.1 result", "finish stage 0", "job 1 succeeded");
        tester.done("0.0.1");
    }

    @Test
    void aReportAboutAnUnknownAttemptIsDropped() {
        tester.failed("0.0.7", USER);
        tester.on(new SchedulerEvent.TaskCancelled(SchedulerTester.id("9.0.0")));
        tester.on(new SchedulerEvent.CommitWanted(SchedulerTester.id("9.0.0")));
    }

    @Test
    void aTaskOfALostRunnerRunsElsewhere() {
        tester.runner("r2", 1);
        tester.lose("r1", "launch 0.0.1 on r2:0 NONE");
        tester.done("0.0.0");
        tester.done("0.0.1", "accept 0.0.1 result", "finish stage 0", "job 1 succeeded");
    }

    @Test
    void aLostRunnerDoesNotComeBackByALateReport() {
        tester.lose("r1");
        tester.runner("r1", 1);
        tester.lose("r1");
        tester.runner("r2", 1, "launch 0.0.1 on r2:0 NONE");
    }

    @Test
    void aRunnerThatRegistersTwiceHasItsSlotsOnce() {
        tester.runner("r1", 1);
        tester.submit(2, flat(1, 1), "start stage 1 tasks 1");
    }

    @Test
    void aTaskThatItsRunnerStoppedRunsAgain() {
        tester.on(new SchedulerEvent.TaskCancelled(SchedulerTester.id("0.0.0")), "launch 0.0.1 on r1:0 NONE");
    }

    @Test
    void aMapTaskThatSucceedsWithoutItsOutputHasFailed() {
        tester.submit(2, Graphs.mapReduce(1, 7, 1, 1), "start stage 1 tasks 1");
        tester.runner("r2", 1, "launch 1.0.0 on r2:0 NONE");
        tester.on(
                new SchedulerEvent.TaskSucceeded(SchedulerTester.id("1.0.0"), Optional.empty(), false),
                "launch 1.0.1 on r2:0 NONE");
    }

    @Test
    void aHostWithManyFailuresGetsNoTasksForAWhile() {
        tester.on(new SchedulerEvent.JobCancelled(1, "enough"), "job 1 cancelled: enough", "cancel 0.0.0 on r1");
        tester.lose("r1");
        tester.runner("r2", 1);
        tester.runner("r3", 1);
        tester.runner("r4", 1);
        StageGraph graph = Graphs.local(1, List.of(List.of("h2")));
        tester.submit(2, graph, "start stage 1 tasks 1", "launch 1.0.0 on r2:0 NODE");
        for (int i = 0; i < 5; i++) {
            tester.failed("1.0." + i, EXTERNAL, "launch 1.0." + (i + 1) + " on r2:0 NODE");
        }
        tester.failed("1.0.5", EXTERNAL, "wake at 1050");
        tester.after(500, "launch 1.0.6 on r3:0 ANY");
        tester.after(600_000);
        tester.submit(3, flat(2, 1), "start stage 2 tasks 1", "launch 2.0.0 on r2:0 NONE");
    }

    @Test
    void theOnlyHostIsNeverExcluded() {
        for (int i = 0; i < 10; i++) {
            tester.failed("0.0." + i, EXTERNAL, "launch 0.0." + (i + 1) + " on r1:0 NONE");
        }
    }

    @Test
    void aRetryAvoidsTheHostThatFailed() {
        tester.runner("r2", 2);
        tester.submit(2, Graphs.local(1, List.of(List.of("h2"))), "start stage 1 tasks 1", "launch 1.0.0 on r2:0 NODE");
        tester.runner("r3", 1);
        tester.done("0.0.0", "accept 0.0.0 result", "finish stage 0", "job 1 succeeded");
        tester.failed("1.0.0", USER, "launch 1.0.1 on r1:0 ANY");
    }
}
