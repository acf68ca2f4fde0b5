package io.weft.master.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.master.results.ResultFeed;
import io.weft.master.results.UpdateFeed;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import io.weft.master.stages.StageKind;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskStats;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class JobHistoryTest {
    private final JobHistory history = new JobHistory();

    private static JobRun job(int id, String group) {
        Stage stage = new Stage(
                id * 10,
                StageKind.RESULT,
                -1,
                List.of(),
                List.of(0, 1),
                List.of(List.of(), List.of()),
                false,
                false,
                "map",
                "x:1");
        JobRun.Spec spec =
                new JobRun.Spec(id, "collect at x:1", new StageGraph(List.of(stage)), group, List.of(0, 1), true);
        Path nowhere = Path.of("/nonexistent");
        ResultFeed feed = new ResultFeed(List.of(0, 1), false, nowhere);
        return new JobRun(spec, null, feed, new UpdateFeed(nowhere), 0, () -> {});
    }

    @Test
    @DisplayName("a running job is active until it ended, and is known afterwards")
    void isActiveUntilItsEnd() {
        JobRun run = job(3, "nightly");
        history.started(run, "a,b");
        run.launched(new TaskAttemptId(30, 0, 0));
        assertEquals(List.of(3), history.active());
        assertEquals(List.of(30), history.activeStages());
        assertEquals(1, history.stage(30).orElseThrow().running());
        run.end(Optional.empty());
        assertEquals(List.of(), history.active());
        history.closed(3);
        assertEquals("SUCCEEDED", history.job(3).orElseThrow().status());
        assertEquals(0, history.stage(30).orElseThrow().running());
        assertEquals(List.of(3), history.ofGroup("nightly"));
        assertEquals(List.of(), history.ofGroup(""));
    }

    @Test
    @DisplayName("a tag finds running jobs that have it, and no part of a tag does")
    void findsByTag() {
        history.started(job(1, ""), "a,bc");
        history.started(job(2, ""), "a");
        assertEquals(List.of(1, 2), history.activeWithTag("a"));
        assertEquals(List.of(1), history.activeWithTag("bc"));
        assertEquals(List.of(), history.activeWithTag("b"));
        history.closed(1);
        assertEquals(List.of(2), history.activeWithTag("a"));
        assertEquals("FAILED", history.job(1).orElseThrow().status());
    }

    @Test
    @DisplayName("the share of done tasks counts every stage that is known, and falls only when more become known")
    void tellsTheShareOfDoneTasks() {
        assertEquals(0, history.share());
        JobRun first = job(1, "");
        history.started(first, "");
        assertEquals(0, history.share());
        first.accepted(new TaskAttemptId(10, 0, 0), TaskStats.NONE);
        assertEquals(0.5, history.share());
        first.stageStarted(10, 2); // what was done is lost
        assertEquals(0.5, history.share());
        first.accepted(new TaskAttemptId(10, 0, 1), TaskStats.NONE);
        first.accepted(new TaskAttemptId(10, 1, 0), TaskStats.NONE);
        assertEquals(1, history.share());
        history.closed(1);
        JobRun second = job(2, "");
        history.started(second, "");
        assertEquals(0.5, history.share());
        second.accepted(new TaskAttemptId(20, 1, 0), TaskStats.NONE);
        assertEquals(0.75, history.share());
        history.closed(2); // failed: nobody waits for its other task
        assertEquals(1, history.share());
    }

    @Test
    @DisplayName("of ended jobs the oldest are forgotten")
    void forgetsTheOldest() {
        for (int id = 0; id <= JobHistory.MAX_ENDED; id++) {
            history.started(job(id, ""), "");
            history.closed(id);
        }
        assertEquals(Optional.empty(), history.job(0));
        assertEquals("FAILED", history.job(1).orElseThrow().status());
    }
}
