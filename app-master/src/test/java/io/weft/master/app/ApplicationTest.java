package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.master.config.AllocationSettings;
import io.weft.master.config.AppSettings;
import io.weft.master.config.Definitions;
import io.weft.master.config.HadoopConf;
import io.weft.master.config.ProfileRequest;
import io.weft.master.config.SettingsLoader;
import io.weft.master.stages.Profiles;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import io.weft.runner.shuffle.BlockStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The gateway's data socket, jobs and loop over a backend whose tasks the test ends. */
@Timeout(60)
class ApplicationTest {
    private static final String TOKEN = "ab".repeat(32);

    @TempDir
    Path folder;

    private final FakeBackend backend = new FakeBackend(4);
    /** Results that runners hold; one may be shorter than its task said. */
    private final Map<String, byte[]> held = new ConcurrentHashMap<>();

    private final CountDownLatch stopped = new CountDownLatch(1);
    private Optional<Allocation> allocation = Optional.empty();
    private Application application;
    private Doors doors;

    private DriverEnd open(String... settings) throws Exception {
        Map<String, String> set = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            set.put(settings[i], settings[i + 1]);
        }
        AppSettings own = AppSettings.of(
                        new SettingsLoader(Definitions.load()).program(set).load())
                .withMaxFailures(1);
        DriverPython python = new DriverPython(new Interpreter("cpython", "3.11.7", "siphash13"), "/usr/bin/python3");
        application = new Application(
                new Application.Spec("local_1_2", own, python, folder, folder, allocation, true),
                new HadoopConf(Map.of()),
                new BlockStore(folder.resolve("blocks"), 1 << 20),
                backend,
                stopped::countDown);
        application.fitBy(new FittingAll(own));
        application.start();
        doors = Doors.open(application, this::open, TOKEN, folder);
        return new DriverEnd(doors.socket(), TOKEN);
    }

    /** Takes all settings, and has up to four runners of four slots come with the work. */
    private record FittingAll(AppSettings settings) implements Containers {
        @Override
        public Fitted fit(Map<String, String> program, boolean started) {
            AllocationSettings bounds = new AllocationSettings(0, 4, 0, 60_000, 60_000, 1, 1);
            return new Fitted(settings, Optional.of(new Allocation(bounds, 4, 0)), 4, 4);
        }

        @Override
        public boolean differ(Map<String, String> program) {
            return false;
        }

        @Override
        public void tell(BiConsumer<Integer, Allocation> follows) {}

        @Override
        public Profiles profiles() {
            return Profiles.NONE;
        }

        @Override
        public int ask(int profile, ProfileRequest request) {
            throw new UnsupportedOperationException("profiles are not asked for here");
        }
    }

    private InputStream open(ResultRef ref) throws IOException {
        byte[] found = held.get(ref.block());
        if (found == null) {
            throw new IOException("no block " + ref.block());
        }
        return new ByteArrayInputStream(found);
    }

    @AfterEach
    void close() {
        if (doors != null) {
            doors.close();
            application.end("the test is over");
        }
    }

    private TaskAttemptId launched() throws InterruptedException {
        return backend.next(RunnerCommand.Launch.class).task().id();
    }

    @Test
    void resultsComeInTheOrderOfThePartitionsWhateverEndsFirst() throws Exception {
        try (DriverEnd driver = open()) {
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(3));
            List<TaskAttemptId> tasks = List.of(launched(), launched(), launched());
            for (int i = 2; i >= 0; i--) {
                backend.succeed(tasks.get(i), "result " + i);
            }
            for (int i = 0; i < 3; i++) {
                assertEquals((long) i, driver.answer().json().get("index"));
                assertEquals("result " + i, driver.answer().text());
            }
            DriverEnd.Frame end = driver.answer();
            assertEquals(DriverEnd.OK, end.type());
            Map<?, ?> stats = (Map<?, ?>) end.json().get("stats");
            assertEquals(3L, stats.get("tasks"));
            assertEquals(9L, stats.get("rowsIn"));
            assertEquals(1_000L, stats.get("peakRss"));
        }
    }

    @Test
    void noRunnersAreAskedForBeforeTheBackendHasStarted() throws Exception {
        allocation = Optional.of(new Allocation(new AllocationSettings(1, 4, 1, 60_000, 60_000, 1, 1), 4, 1));
        backend.startSlowly(500);
        try (DriverEnd driver = open()) {
            assertEquals(1, backend.wanted.poll(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void runnersFollowTheWorkOnceTheProgramHasMadeItsSettings() throws Exception {
        try (DriverEnd driver = open()) {
            application.configure(Map.of());
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(9));
            int most = 0;
            while (most < 3) {
                most = backend.wanted.poll(20, TimeUnit.SECONDS);
            }
            assertEquals(3, most);
        }
    }

    @Test
    void aResultThatIsLostOnItsWayComesAgainFromAnotherAttempt() throws Exception {
        try (DriverEnd driver = open()) {
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(2));
            TaskAttemptId first = launched();
            TaskAttemptId second = launched();
            held.put("cut", new byte[] {1, 2});
            held.put("whole", new byte[] {1, 2, 3, 4});
            backend.hold(second, "whole", 4);
            backend.hold(first, "cut", 4);
            assertEquals(false, driver.answer().json().get("again"));
            assertEquals("cut", backend.next(RunnerCommand.ReleaseBlock.class).block());
            TaskAttemptId again = launched();
            assertEquals(new TaskAttemptId(first.stage(), first.partition(), 1), again);
            backend.hold(again, "whole", 4);
            Map<String, Object> head = driver.answer().json();
            assertEquals(List.of(0L, true), List.of(head.get("index"), head.get("again")));
            assertArrayEquals(new byte[] {1, 2, 3, 4}, driver.answer().body());
            head = driver.answer().json();
            assertEquals(List.of(1L, false), List.of(head.get("index"), head.get("again")));
            assertArrayEquals(new byte[] {1, 2, 3, 4}, driver.answer().body());
            assertEquals(DriverEnd.OK, driver.answer().type());
        }
    }

    @Test
    void resultsOfALostRunnerAreMadeAgainAtOnceAndBeforeTheyAreAskedFor() throws Exception {
        try (DriverEnd driver = open()) {
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(3));
            TaskAttemptId first = launched();
            backend.hold(launched(), "lost-1", 4);
            backend.hold(launched(), "lost-2", 4);
            backend.lose("r1");
            backend.register("r2");
            held.put("whole", new byte[] {1, 2, 3, 4});
            for (int i = 0; i < 3; i++) {
                TaskAttemptId again = launched();
                assertEquals(1, again.attempt());
                backend.hold(again, "whole", 4);
            }
            for (int i = 0; i < 3; i++) {
                Map<String, Object> head = driver.answer().json();
                assertEquals(List.of((long) i, false), List.of(head.get("index"), head.get("again")));
                assertArrayEquals(new byte[] {1, 2, 3, 4}, driver.answer().body());
            }
            assertEquals(DriverEnd.OK, driver.answer().type());
            assertEquals(0, first.attempt());
        }
    }

    @Test
    void aConnectionWithAWrongTokenIsClosed() throws Exception {
        open().close();
        try (DriverEnd stranger = new DriverEnd(doors.socket(), "cd".repeat(32))) {
            assertTrue(stranger.isAtEnd());
        }
    }

    @Test
    void closingTheConnectionCancelsItsJob() throws Exception {
        DriverEnd driver = open();
        driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(1));
        TaskAttemptId task = launched();
        driver.close();
        assertEquals(task, backend.next(RunnerCommand.Cancel.class).id());
    }

    @Test
    void aFailureTellsWhatAndWhere() throws Exception {
        try (DriverEnd driver = open()) {
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(2));
            TaskAttemptId task = launched();
            String error = "{\"type\": \"ValueError\", \"record\": \"'n/a'\", \"recordLength\": 5,"
                    + " \"step\": {\"name\": \"map\", \"site\": \"etl.py:41\"}}";
            byte[] pickled = {1, 2, 3};
            backend.event(new RunnerEvent.TaskFailed(
                    task, new TaskFailure(FailureKind.USER, "E01", "ValueError: n/a", error, pickled, "")));
            DriverEnd.Frame failed = driver.answer();
            assertEquals(DriverEnd.FAILED, failed.type());
            assertEquals("E01", failed.json().get("code"));
            assertEquals(
                    "record: 'n/a' (5 characters)\nstage 1 (map, etl.py:41), task " + task.partition()
                            + " of 2; failed on node1",
                    failed.json().get("message"));
            assertArrayEquals(pickled, failed.pickled());
        }
    }

    @Test
    void aWorkerOfAnotherPythonFailsEveryJobWithE07() throws Exception {
        try (DriverEnd driver = open()) {
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(1));
            TaskAttemptId task = launched();
            backend.event(new RunnerEvent.WorkerRegistered(0, 99, "3.9.18", "cpython", "siphash24/64/0", true));
            assertEquals(task, backend.next(RunnerCommand.Cancel.class).id());
            backend.event(new RunnerEvent.TaskCancelled(task));
            Map<String, Object> failed = driver.answer().json();
            assertEquals("E07", failed.get("code"));
            assertEquals(4L, failed.get("exit"));
            assertEquals(
                    "The driver runs CPython 3.11.7, the workers CPython 3.9.18 (/usr/bin/python3 on node1): functions"
                            + " cannot be exchanged.\nSet WEFT_PYTHON (or PYSPARK_PYTHON), or ship an environment:"
                            + " --environment current.",
                    failed.get("message"));
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(1));
            assertEquals("E07", driver.answer().json().get("code"));
        }
    }

    @Test
    void moreResultsThanTheDriverMayHoldFailTheJobWithE20() throws Exception {
        try (DriverEnd driver = open("weft.driver.maxResultSize", "1k")) {
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(2));
            TaskAttemptId first = launched();
            TaskAttemptId second = launched();
            backend.succeed(first, "x".repeat(2_000));
            backend.event(new RunnerEvent.TaskCancelled(second));
            DriverEnd.Frame frame = driver.answer();
            while (frame.type() != DriverEnd.FAILED) {
                frame = driver.answer();
            }
            assertEquals("E20", frame.json().get("code"));
        }
    }

    @Test
    void aMissingInputFailsBeforeAnythingRuns() throws Exception {
        try (DriverEnd driver = open()) {
            driver.request(
                    "{\"op\": \"run\"}",
                    PlanBytes.collectOfText(folder.resolve("none.txt").toString()));
            Map<String, Object> failed = driver.answer().json();
            assertEquals("E02", failed.get("code"));
            assertEquals(3L, failed.get("exit"));
            assertTrue(backend.commands.isEmpty());
            driver.request("{\"op\": \"partitions\"}", PlanBytes.drainOfEmpty(7));
            assertEquals(7L, driver.answer().json().get("partitions"));
        }
    }

    @Test
    void anUploadedBlockIsKnownAndAFileReachesTheRunner() throws Exception {
        try (DriverEnd driver = open()) {
            byte[] part = "abc".getBytes(StandardCharsets.UTF_8);
            driver.request("{\"op\": \"put\", \"id\": \"data-1\"}", part, part);
            assertEquals(6L, driver.answer().json().get("bytes"));
            driver.request("{\"op\": \"put\", \"id\": \"data-1\"}", part);
            assertEquals(6L, driver.answer().json().get("bytes"));
            driver.request("{\"op\": \"has\", \"ids\": [\"data-1\", \"data-2\"]}");
            assertEquals(List.of("data-2"), driver.answer().json().get("missing"));
            Path module = Files.writeString(folder.resolve("dep.py"), "x = 1\n");
            assertEquals("dep.py", application.addFile(module.toString(), true));
            assertEquals(
                    new RunnerCommand.AddFile("dep.py", "file-1-dep.py", true),
                    backend.next(RunnerCommand.AddFile.class));
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(1));
            RunnerCommand.Launch launch = backend.next(RunnerCommand.Launch.class);
            assertEquals(List.of("dep.py"), launch.task().pyFiles());
            assertEquals("nightly", launch.task().properties().get("weft.job.group"));
            backend.succeed(launch.task().id(), "");
        }
    }

    @Test
    void nonsenseClosesTheConnectionAndNothingElse() throws Exception {
        try (DriverEnd driver = open()) {
            driver.send(99, new byte[] {1});
            assertTrue(driver.isAtEnd());
            try (DriverEnd other = new DriverEnd(doors.socket(), TOKEN)) {
                other.request("{\"op\": \"has\", \"ids\": []}");
                assertEquals(DriverEnd.OK, other.answer().type());
            }
        }
    }

    @Test
    void groupsAreCancelledAndStopIsPassedOn() throws Exception {
        try (DriverEnd driver = open()) {
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(1));
            TaskAttemptId task = launched();
            application.cancelGroup("nightly", "cancelJobGroup('nightly')");
            assertEquals(task, backend.next(RunnerCommand.Cancel.class).id());
            backend.event(new RunnerEvent.TaskCancelled(task));
            Map<String, Object> failed = driver.answer().json();
            assertEquals("cancelled", failed.get("kind"));
            assertEquals("collect at etl.py:8 was cancelled: cancelJobGroup('nightly').", failed.get("message"));
            assertFalse(stopped.await(0, TimeUnit.MILLISECONDS));
            application.stop();
            assertTrue(stopped.await(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void everyEventAndActionIsALineOfTheLog() throws Exception {
        Path kept = folder.resolve("kept");
        try (DriverEnd driver = open("weft.log.dir", kept.toString())) {
            driver.request("{\"op\": \"run\"}", PlanBytes.collectOfRange(1));
            backend.succeed(launched(), "x");
            while (driver.answer().type() != DriverEnd.OK) {
                // partition and bytes
            }
        }
        close();
        doors = null;
        List<String> lines = Files.readAllLines(kept.resolve("local_1_2.events.log"));
        assertTrue(lines.get(0).matches("\\d+ > RunnerRegistered\\[.*"), lines.get(0));
        assertTrue(lines.stream().anyMatch(line -> line.matches("\\d+ < LaunchTask\\[.*")));
        assertTrue(lines.stream().anyMatch(line -> line.matches("\\d+ < JobSucceeded\\[job=0]")));
    }
}
