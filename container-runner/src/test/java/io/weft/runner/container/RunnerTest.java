package io.weft.runner.container;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class RunnerTest {
    private Path folder;
    private TestRunner test;

    @BeforeEach
    void start() throws IOException {
        folder = Files.createTempDirectory("weft-runner-");
        test = new TestRunner(folder, 2, Map.of());
    }

    @AfterEach
    void end() {
        test.close();
        Delete.tree(folder);
    }

    @Test
    void sendsTheTaskWithItsFoldersAndLabel() throws Exception {
        test.launch(0, "{\"do\":\"task\"}");
        String task = new String(test.nextResult(), StandardCharsets.UTF_8);
        assertTrue(task.contains("\"label\": \"stage 1 task 0\""), task);
        assertTrue(task.contains("\"application\": \"local_1715_42\""), task);
        assertTrue(task.contains("disk2/output"), task);
        assertTrue(test.registered.stream().allMatch(one -> one.hashAlgorithm().endsWith("/64/0")), task);
    }

    @Test
    void keepsALargeResultAsABlockUntilReleased() throws Exception {
        test.launch(0, "{\"do\":\"result\",\"frames\":40,\"bytes\":1048576}");
        ResultRef result = test.next(RunnerEvent.TaskSucceeded.class).result().orElseThrow();
        assertFalse(result.isInline());
        assertEquals(40L << 20, result.bytes());
        assertEquals(40L << 20, test.runner.results().length(result.block()));
        test.runner.handle(new RunnerCommand.ReleaseBlock(result.block()));
        assertEquals(-1, test.runner.results().length(result.block()));
        assertEquals(List.of(), test.filesLeft());
    }

    @Test
    void bringsAFunctionToTheWorkerInParts() throws Exception {
        byte[] blob = new byte[3 << 20];
        new java.util.Random(1).nextBytes(blob);
        String hash = Hash.of(blob);
        test.master.put(hash, blob);
        test.launch(0, "{\"do\":\"blob\",\"hash\":\"" + hash + "\"}");
        ResultRef result = test.next(RunnerEvent.TaskSucceeded.class).result().orElseThrow();
        try (var in = test.runner.results().open(result.block(), 0, result.bytes())) {
            assertArrayEquals(blob, in.readAllBytes());
        }
    }

    @Test
    void failsATaskWhoseFunctionCannotBeFetched() throws Exception {
        test.launch(0, "{\"do\":\"blob\",\"hash\":\"" + "0".repeat(64) + "\"}");
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertTrue(failure.summary().contains("function " + "0".repeat(64)), failure.summary());
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
    }

    @Test
    void reportsPrintedLinesBeforeTheEndOfTheTask() throws Exception {
        test.launch(1, "{\"do\":\"print\",\"lines\":3000}");
        test.next(RunnerEvent.TaskSucceeded.class);
        List<String> lines = test.lines(false);
        assertEquals(3001, lines.size());
        assertEquals("line 2999", lines.get(2999));
        assertEquals("no end", lines.get(3000));
        assertEquals(List.of("trouble"), test.lines(true));
    }

    @Test
    void mapsAnErrorToItsCodeAndKeepsTheWorker() throws Exception {
        int pid = pidOf(0);
        test.launch(0, "{\"do\":\"raise\",\"kind\":\"user\"}");
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertEquals(FailureKind.USER, failure.kind());
        assertEquals("E01", failure.code());
        assertEquals("ValueError: no good", failure.summary());
        assertEquals("pickled", new String(failure.pickled(), StandardCharsets.UTF_8));
        test.launch(0, "{\"do\":\"raise\",\"kind\":\"key\"}");
        assertEquals(
                FailureKind.FATAL,
                test.next(RunnerEvent.TaskFailed.class).failure().kind());
        assertEquals(pid, pidOf(0));
    }

    @Test
    void namesSignalAndLastPythonLineOfADeadWorker() throws Exception {
        int pid = pidOf(0);
        test.launch(0, "{\"do\":\"segv\"}");
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertEquals("E08", failure.code());
        assertTrue(failure.summary().startsWith("The Python worker of stage 1 task "), failure.summary());
        assertTrue(failure.summary().contains("died by SIGSEGV; the last Python line was "), failure.summary());
        assertTrue(failure.error().contains("\"site\":\"etl.py:61\""), failure.error());
        assertTrue(test.lines(false).contains("before the end"), "lines of a dead worker");
        assertTrue(pidOf(0) != pid, "a dead worker is replaced");
    }

    @Test
    void saysThatAWorkerWasKilledFromOutside() throws Exception {
        TaskAttemptId id = test.launch(0, "{\"do\":\"hang\"}");
        awaitHanging(0);
        ProcessHandle.of(test.registered.stream()
                        .filter(one -> one.slot() == 0)
                        .findFirst()
                        .orElseThrow()
                        .pid())
                .orElseThrow()
                .destroyForcibly();
        RunnerEvent.TaskFailed failed = test.next(RunnerEvent.TaskFailed.class);
        assertEquals(id, failed.id());
        assertTrue(
                failed.failure().summary().contains("was killed from outside (SIGKILL)"),
                failed.failure().summary());
        assertEquals(FailureKind.RESOURCES, failed.failure().kind());
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
    }

    @Test
    void givesATaskToAnotherWorkerWhenTheFirstDiedIdle() throws Exception {
        int pid = pidOf(0);
        ProcessHandle idle = ProcessHandle.of(pid).orElseThrow();
        idle.destroyForcibly();
        TestRunner.await("the idle worker ends", () -> !idle.isAlive());
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
        assertTrue(pidOf(0) != pid);
    }

    @Test
    void cancelsAHangingTaskWithItsProcessesAndServesTheNextAtOnce() throws Exception {
        TaskAttemptId id = test.launch(0, "{\"do\":\"hang\"}");
        long child = awaitHanging(0);
        long before = System.nanoTime();
        test.runner.handle(new RunnerCommand.Cancel(id, "asked"));
        test.launch(0, "{\"do\":\"task\"}");
        assertEquals(id, test.next(RunnerEvent.TaskCancelled.class).id());
        test.nextResult();
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);
        assertTrue(millis < 1_000, "cancel to the next task's end took " + millis + " ms");
        System.out.println("cancel to next task's end: " + millis + " ms");
        TestRunner.await(
                "the task's own process ends", () -> ProcessHandle.of(child).isEmpty());
        TestRunner.await("spill folders of the dead worker go", () -> {
            try {
                return test.filesLeft().isEmpty();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    @Test
    void leavesAProcessOfALivingWorkerAloneAndKillsThatOfADeadOne() throws Exception {
        test.launch(0, "{\"do\":\"daemon\"}");
        test.next(RunnerEvent.TaskSucceeded.class);
        long daemon = pidAfter("daemon");
        test.launch(1, "{\"do\":\"hang\"}");
        long child = awaitHanging(1);
        killWorkerOf(1);
        test.next(RunnerEvent.TaskFailed.class);
        TestRunner.await("the child of the dead worker ends", () -> ProcessHandle.of(child)
                .isEmpty());
        assertTrue(ProcessHandle.of(daemon).isPresent(), "its worker lives");
        killWorkerOf(0);
        TestRunner.await("the daemon of the dead worker ends", () -> ProcessHandle.of(daemon)
                .isEmpty());
    }

    @Test
    void outlivesItsForkServer() throws Exception {
        test.launch(0, "{\"do\":\"hang\"}");
        awaitHanging(0);
        int pid = test.registered.get(0).pid();
        ProcessHandle server = ProcessHandle.of(pid).orElseThrow().parent().orElseThrow();
        server.destroyForcibly();
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertTrue(failure.summary().contains("ended with its fork server"), failure.summary());
        assertEquals(FailureKind.EXTERNAL, failure.kind());
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
        test.launch(1, "{\"do\":\"task\"}");
        test.nextResult();
    }

    @Test
    void replacesAWorkerThatSendsGarbage() throws Exception {
        for (String garbage : List.of(
                "ffffffff15000000", "0000000063000000", "0000000015000001", "0000000001000000", "00000001120000ff61")) {
            test.launch(0, "{\"do\":\"garbage\",\"bytes\":\"" + garbage + "\"}");
            TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
            assertEquals(FailureKind.INTERNAL, failure.kind(), failure.summary());
            assertTrue(failure.summary().contains("broke the protocol"), failure.summary());
        }
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
    }

    @Test
    void stopsAWorkerOverItsMemory() throws Exception {
        test.launch(0, "{\"do\":\"memory\",\"bytes\":200000000}", List.of(), new OutputSpec.None(), 100L << 20);
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertEquals("E09", failure.code());
        assertEquals(FailureKind.RESOURCES, failure.kind());
        assertTrue(failure.summary().contains("a worker may use 100 MiB"), failure.summary());
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
    }

    @Test
    void replacesAWorkerThatKeepsTooMuchMemory() throws Exception {
        int pid = pidOf(0);
        test.launch(0, "{\"do\":\"leak\",\"bytes\":120000000}", List.of(), new OutputSpec.None(), 200L << 20);
        test.next(RunnerEvent.TaskSucceeded.class);
        assertTrue(pidOf(0) != pid);
    }

    @Test
    void reportsTheExitCodeOfAWorkerThatLeaves() throws Exception {
        test.launch(0, "{\"do\":\"exit\",\"status\":3}");
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertTrue(failure.summary().contains("ended with exit code 3"), failure.summary());
    }

    @Test
    void leavesNoProcessAndNoFileWhenClosed() throws Exception {
        test.launch(0, "{\"do\":\"hang\"}");
        long child = awaitHanging(0);
        List<ProcessHandle> python = ProcessHandle.of(test.registered.get(0).pid()).orElseThrow().parent().stream()
                .flatMap(
                        server -> java.util.stream.Stream.concat(java.util.stream.Stream.of(server), server.children()))
                .toList();
        assertTrue(python.size() >= 3, "fork server and two workers");
        test.runner.close();
        TestRunner.await(
                "all processes end",
                () -> ProcessHandle.of(child).isEmpty() && python.stream().noneMatch(ProcessHandle::isAlive));
        test.close();
        assertEquals(List.of(), test.filesLeft());
        assertFalse(Files.exists(folder.resolve("s/w.sock")));
    }

    @Test
    void roundTripOfAnEmptyTaskIsShort() throws Exception {
        for (int i = 0; i < 300; i++) {
            test.launch(0, "{\"do\":\"nothing\"}");
            test.next(RunnerEvent.TaskSucceeded.class);
        }
        long before = System.nanoTime();
        for (int i = 0; i < 1000; i++) {
            test.launch(0, "{\"do\":\"nothing\"}");
            test.next(RunnerEvent.TaskSucceeded.class);
        }
        long micros = (System.nanoTime() - before) / 1_000_000;
        System.out.println("empty task: " + micros + " us");
        assertTrue(micros < 10_000, "an empty task took " + micros + " us");
    }

    /** Pid of the child that the hanging task of {@code slot} started. */
    private long awaitHanging(int slot) throws InterruptedException {
        TestRunner.await("the task hangs", () -> {
            test.drainEvents();
            return test.lines(false).stream().anyMatch(line -> line.startsWith("hanging"));
        });
        return pidAfter("hanging");
    }

    private long pidAfter(String word) {
        String line = test.lines(false).stream()
                .filter(one -> one.startsWith(word))
                .reduce((first, second) -> second)
                .orElseThrow();
        return Long.parseLong(line.split(" ")[1]);
    }

    private void killWorkerOf(int slot) {
        int pid = test.registered.stream()
                .filter(one -> one.slot() == slot)
                .reduce((first, second) -> second)
                .orElseThrow()
                .pid();
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();
    }

    private int pidOf(int slot) throws InterruptedException {
        test.launch(slot, "{\"do\":\"task\"}");
        test.nextResult();
        return test.registered.stream()
                .filter(one -> one.slot() == slot)
                .reduce((first, second) -> second)
                .orElseThrow()
                .pid();
    }
}
