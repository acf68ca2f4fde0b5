package io.weft.runner.container;

import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskSpec;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.task.MasterBlocks;
import io.weft.runner.worker.WorkerSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.conf.Configuration;

/** A runner with scripted workers, in a folder of its own; tests send commands and read its events. */
final class TestRunner implements AutoCloseable {
    static final Path PYTHON = Path.of("src/test/resources/python").toAbsolutePath();
    private static final long DEADLINE_SECONDS = 30;

    final Path folder;
    final BlockStore master;
    final Runner runner;

    /** Registrations of workers so far. */
    final List<RunnerEvent.WorkerRegistered> registered = new ArrayList<>();

    /** All lines printed so far. */
    final List<RunnerEvent.Printed> printed = new ArrayList<>();

    private final LinkedBlockingQueue<RunnerEvent> events = new LinkedBlockingQueue<>();
    private int tasks;

    TestRunner(Path folder, int slots, Map<String, String> environment) throws IOException {
        this(folder, slots, PYTHON, environment);
    }

    /** {@code python}: the folder that holds the package {@code weft}, scripted or real. */
    TestRunner(Path folder, int slots, Path python, Map<String, String> environment) throws IOException {
        this.folder = folder;
        this.master = new BlockStore(folder.resolve("master"), 1 << 20);
        WorkerSettings workers = new WorkerSettings(
                "local_1715_42",
                slots,
                folder.resolve("s"),
                interpreter(),
                List.of(python.toString()),
                environment,
                true);
        RunnerConfig config = new RunnerConfig(
                "r1",
                "localhost",
                workers,
                List.of(folder.resolve("disk1"), folder.resolve("disk2")),
                RunnerConfig.Limits.inProcess(),
                new RunnerConfig.Connections(
                        new byte[32],
                        MasterBlocks.inProcess(master),
                        false,
                        0,
                        Optional.empty(),
                        "",
                        () -> new Configuration(false)));
        runner = new Runner(config, events::add);
    }

    /** The interpreter that {@code python3} stands for: where that is a script, it would start processes of its own. */
    static String interpreter() throws IOException {
        Process python = new ProcessBuilder("python3", "-c", "import sys; print(sys.executable)").start();
        return new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    TaskAttemptId launch(int slot, String tree) {
        return launch(slot, tree, List.of(), new OutputSpec.Result(), 0);
    }

    TaskAttemptId launch(int slot, String tree, List<InputSpec> inputs, OutputSpec output, long limitBytes) {
        return launch(slot, tree, "{\"kind\":\"result\"}", inputs, output, limitBytes);
    }

    TaskAttemptId launch(int slot, String tree, String sink, List<InputSpec> inputs, OutputSpec output) {
        return launch(slot, tree, sink, inputs, output, 0);
    }

    private TaskAttemptId launch(
            int slot, String tree, String sink, List<InputSpec> inputs, OutputSpec output, long limitBytes) {
        TaskAttemptId id = new TaskAttemptId(1, tasks++, 0);
        TaskSpec spec =
                new TaskSpec(id, 1, tree, sink, inputs, false, output, 16 << 20, limitBytes, List.of(), Map.of());
        runner.handle(new RunnerCommand.Launch(slot, spec, 0));
        return id;
    }

    /** The next event that is neither a registration nor printed lines. */
    RunnerEvent next() throws InterruptedException {
        while (true) {
            RunnerEvent event = events.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("no event for " + DEADLINE_SECONDS + " s");
            }
            if (event instanceof RunnerEvent.WorkerRegistered one) {
                registered.add(one);
            } else if (event instanceof RunnerEvent.Printed lines) {
                printed.add(lines);
            } else {
                return event;
            }
        }
    }

    /** The next event that is neither a registration nor printed lines, or null when none comes within {@code millis}. */
    RunnerEvent poll(long millis) throws InterruptedException {
        RunnerEvent event = events.poll(millis, TimeUnit.MILLISECONDS);
        while (event instanceof RunnerEvent.WorkerRegistered || event instanceof RunnerEvent.Printed) {
            event = events.poll(millis, TimeUnit.MILLISECONDS);
        }
        return event;
    }

    <T extends RunnerEvent> T next(Class<T> type) throws InterruptedException {
        RunnerEvent event = next();
        if (!type.isInstance(event)) {
            throw new AssertionError("expected " + type.getSimpleName() + ", got " + event);
        }
        return type.cast(event);
    }

    /** The result of the next event, which must be a success with a result small enough to be inline. */
    byte[] nextResult() throws InterruptedException {
        return next(RunnerEvent.TaskSucceeded.class).result().orElseThrow().inline();
    }

    /** Lines printed so far, events up to now included. */
    List<String> lines(boolean error) {
        drainEvents();
        return printed.stream()
                .filter(one -> one.error() == error)
                .flatMap(one -> one.lines().stream())
                .toList();
    }

    /** Takes registrations and printed lines that have come, up to the first other event. */
    void drainEvents() {
        for (RunnerEvent event = events.peek(); event != null; event = events.peek()) {
            if (event instanceof RunnerEvent.WorkerRegistered one) {
                registered.add(one);
            } else if (event instanceof RunnerEvent.Printed lines) {
                printed.add(lines);
            } else {
                return;
            }
            events.remove();
        }
    }

    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + DEADLINE_SECONDS + " s: " + what);
            }
            Thread.sleep(5);
        }
    }

    /** All paths below the runner's disks, but the folders themselves that stand in every runner. */
    List<String> filesLeft() throws IOException {
        List<String> left = new ArrayList<>();
        for (String disk : List.of("disk1", "disk2")) {
            try (var paths = Files.walk(folder.resolve(disk))) {
                paths.filter(Files::isRegularFile).map(Path::toString).forEach(left::add);
            }
        }
        return left;
    }

    @Override
    public void close() {
        runner.close();
        master.close();
    }
}
