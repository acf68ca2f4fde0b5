package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskStats;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CountedTasksTest {
    private final CountedTasks counted = new CountedTasks();

    private static RunnerEvent.TaskSucceeded map(int stage, int shuffle, int map, int attempt) {
        MapOutput output =
                new MapOutput(new MapOutputId("app", shuffle, map, attempt), "r1", "node1", 1, 2, "/data", 4, 100);
        return new RunnerEvent.TaskSucceeded(
                new TaskAttemptId(stage, map, attempt),
                TaskStats.NONE,
                Optional.of(output),
                Optional.empty(),
                new byte[0]);
    }

    private static RunnerEvent.TaskSucceeded result(int stage, int partition, int attempt) {
        return new RunnerEvent.TaskSucceeded(
                new TaskAttemptId(stage, partition, attempt),
                TaskStats.NONE,
                Optional.empty(),
                Optional.empty(),
                new byte[0]);
    }

    @Test
    void aMapThatRunsAgainCountsOnceAlsoForALaterJob() {
        assertTrue(counted.isFirst(1, map(1, 5, 0, 0)));
        assertTrue(counted.isFirst(1, map(1, 5, 1, 0)));
        assertFalse(counted.isFirst(1, map(1, 5, 0, 1)));
        counted.jobEnded(1);
        assertFalse(counted.isFirst(2, map(7, 5, 1, 1)));
        assertTrue(counted.isFirst(2, map(8, 6, 1, 0)));
    }

    @Test
    void aShuffleThatIsWrittenAnewAfterItWasDroppedCountsAnew() {
        assertTrue(counted.isFirst(1, map(1, 5, 0, 0)));
        counted.shuffleDropped(5);
        assertTrue(counted.isFirst(2, map(2, 5, 0, 0)));
    }

    @Test
    void aResultCountsOnceInEachJob() {
        assertTrue(counted.isFirst(1, result(2, 3, 0)));
        assertFalse(counted.isFirst(1, result(2, 3, 1)));
        assertTrue(counted.isFirst(1, result(2, 4, 0)));
        assertTrue(counted.isFirst(2, result(3, 3, 0)));
        counted.jobEnded(1);
        assertFalse(counted.isFirst(2, result(3, 3, 1)));
    }
}
