package io.weft.runner.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Many tasks while workers and fork server are killed and tasks cancelled at random times. */
final class FaultsTest {
    private static final int SLOTS = 3;
    private static final int TASKS = Integer.getInteger("weft.faults.tasks", 300);
    private static final int FORK_SERVER_KILLS = 3;
    private static final List<String> TREES = List.of(
            "{\"do\":\"nothing\"}",
            "{\"do\":\"print\",\"lines\":50}",
            "{\"do\":\"result\",\"frames\":3,\"bytes\":100000}",
            "{\"do\":\"raise\",\"kind\":\"user\"}",
            "{\"do\":\"exit\",\"status\":3}",
            "{\"do\":\"segv\"}",
            "{\"do\":\"garbage\",\"bytes\":\"ffffffff15000000\"}",
            "{\"do\":\"hang\"}");

    @Test
    void everyAttemptEndsOnceAndNothingIsLeft() throws Exception {
        long seed = Long.getLong("weft.faults.seed", 20_261_120L);
        Random random = new Random(seed);
        Path folder = Files.createTempDirectory("weft-faults-");
        List<Long> before = sleepers();
        try (TestRunner test = new TestRunner(folder, SLOTS, Map.of())) {
            Map<TaskAttemptId, Integer> running = new LinkedHashMap<>();
            Set<TaskAttemptId> over = new HashSet<>();
            int launched = 0;
            int serverKills = 0;
            for (int slot = 0; slot < SLOTS; slot++) {
                over.add(test.launch(slot, TREES.get(0)));
                test.next(RunnerEvent.TaskSucceeded.class);
            }
            while (over.size() < TASKS + SLOTS) {
                for (int slot = 0; slot < SLOTS && launched < TASKS; slot++) {
                    if (!running.containsValue(slot)) {
                        running.put(test.launch(slot, TREES.get(random.nextInt(TREES.size()))), slot);
                        launched++;
                    }
                }
                if (random.nextInt(4) == 0) {
                    killAWorker(random);
                } else if (serverKills < FORK_SERVER_KILLS && random.nextInt(TASKS / 4) == 0) {
                    serverKills++;
                    ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
                } else {
                    List<TaskAttemptId> ids = List.copyOf(running.keySet());
                    test.runner.handle(new RunnerCommand.Cancel(ids.get(random.nextInt(ids.size())), "at random"));
                }
                RunnerEvent event = test.poll(20);
                while (event != null) {
                    TaskAttemptId id = idOf(event);
                    assertTrue(over.add(id), "seed " + seed + ": " + id + " ended twice: " + event);
                    assertTrue(running.remove(id) != null, "seed " + seed + ": " + id + " was not running");
                    event = test.poll(0);
                }
            }
            assertServesAgain(test);
        }
        TestRunner.await(
                "all processes end", () -> ProcessHandle.current().children().noneMatch(ProcessHandle::isAlive));
        TestRunner.await("what tasks started ends, whoever its parent is now", () -> before.containsAll(sleepers()));
        assertEquals(List.of(), left(folder));
        Delete.tree(folder);
    }

    /** The last kill may have met an idle worker whose death the runner sees with the next task only, once. */
    private static void assertServesAgain(TestRunner test) throws InterruptedException {
        test.launch(0, "{\"do\":\"nothing\"}");
        RunnerEvent first = test.next(RunnerEvent.class);
        if (first instanceof RunnerEvent.TaskFailed failed) {
            assertEquals("E08", failed.failure().code(), failed::toString);
            test.launch(0, "{\"do\":\"nothing\"}");
            test.next(RunnerEvent.TaskSucceeded.class);
        } else {
            assertEquals(RunnerEvent.TaskSucceeded.class, first.getClass(), first::toString);
        }
    }

    private static void killAWorker(Random random) {
        List<ProcessHandle> workers = ProcessHandle.current()
                .children()
                .flatMap(ProcessHandle::children)
                .toList();
        if (!workers.isEmpty()) {
            workers.get(random.nextInt(workers.size())).destroyForcibly();
        }
    }

    /** Processes that hanging tasks start. */
    private static List<Long> sleepers() {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").endsWith("sleep 600"))
                .map(ProcessHandle::pid)
                .toList();
    }

    private static TaskAttemptId idOf(RunnerEvent event) {
        if (event instanceof RunnerEvent.TaskSucceeded succeeded) {
            return succeeded.id();
        }
        if (event instanceof RunnerEvent.TaskFailed failed) {
            return failed.id();
        }
        return ((RunnerEvent.TaskCancelled) event).id();
    }

    private static List<String> left(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile).map(Path::toString).toList();
        }
    }
}
