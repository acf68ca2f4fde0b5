package io.weft.master.scheduler;

import static io.weft.master.scheduler.SchedulerTester.USER;
import static io.weft.master.scheduler.SchedulerTester.id;

import io.weft.master.stages.StageGraph;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SchedulerCommitTest {
    private final SchedulerTester tester = new SchedulerTester();

    @BeforeEach
    void oneTaskRuns() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(
                1,
                new StageGraph(List.of(Graphs.save(0, List.of(), 1))),
                "start stage 0 tasks 1",
                "launch 0.0.0 on r1:0 NONE");
    }

    private void wants(String attempt, String... expected) {
        tester.on(new SchedulerEvent.CommitWanted(id(attempt)), expected);
    }

    @Test
    void theRunningAttemptMayCommit() {
        wants("0.0.0", "grant 0.0.0 on r1");
    }

    @Test
    void whoAsksTwiceIsGrantedTheSameCommit() {
        wants("0.0.0", "grant 0.0.0 on r1");
        wants("0.0.0", "grant 0.0.0 on r1");
    }

    @Test
    void theGrantOfAnAttemptThatFailedGoesToTheNext() {
        wants("0.0.0", "grant 0.0.0 on r1");
        tester.failed("0.0.0", USER, "launch 0.0.1 on r2:0 NONE");
        wants("0.0.1", "grant 0.0.1 on r2");
    }

    @Test
    void theGrantOfAnAttemptWhoseRunnerIsLostGoesToTheNext() {
        wants("0.0.0", "grant 0.0.0 on r1");
        tester.lose("r1", "launch 0.0.1 on r2:0 NONE");
        wants("0.0.0");
        wants("0.0.1", "grant 0.0.1 on r2");
    }

    @Test
    void aCancelledAttemptMayNotCommit() {
        tester.on(new SchedulerEvent.JobCancelled(1, "enough"), "job 1 cancelled: enough", "cancel 0.0.0 on r1");
        wants("0.0.0", "deny 0.0.0 on r1");
    }

    @Test
    void aTaskOfAStageThatDoesNotCommitIsDenied() {
        tester.submit(2, Graphs.flat(1, 1), "start stage 1 tasks 1", "launch 1.0.0 on r2:0 NONE");
        wants("1.0.0", "deny 1.0.0 on r2");
    }

    @Test
    void anAttemptThatSucceedsWithoutItsGrantHasFailed() {
        tester.done("0.0.0", "launch 0.0.1 on r2:0 NONE");
    }
}
