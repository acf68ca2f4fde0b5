package io.weft.master.app;

import io.weft.master.backend.Backend;
import io.weft.master.backend.BackendListener;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskStats;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Runner "r1", and others after it, on host "node1"; their tasks do what the test says. */
final class FakeBackend implements Backend {
    final BlockingQueue<RunnerCommand> commands = new LinkedBlockingQueue<>();
    private final int slots;
    /** Runners that were asked for. */
    final BlockingQueue<Integer> wanted = new LinkedBlockingQueue<>();

    private BackendListener listener;
    private String newest = "";
    private long startMillis;

    FakeBackend(int slots) {
        this.slots = slots;
    }

    /** Its start takes so long, or ends when runners are asked for, which is too early. */
    void startSlowly(long millis) {
        startMillis = millis;
    }

    @Override
    public void start(BackendListener hears) {
        listener = hears;
        register("r1");
        try {
            if (startMillis > 0 && wanted.poll(startMillis, TimeUnit.MILLISECONDS) != null) {
                throw new AssertionError("asked for runners before the start has ended");
            }
        } catch (InterruptedException ended) {
            throw new AssertionError(ended);
        }
    }

    @Override
    public void wantRunners(int profile, int runners) {
        wanted.add(runners);
    }

    void register(String runner) {
        newest = runner;
        listener.scheduler(new SchedulerEvent.RunnerRegistered(runner, "node1", "", slots));
    }

    void lose(String runner) {
        listener.scheduler(new SchedulerEvent.RunnerLost(runner, false, "container lost"));
    }

    /** The attempt ends well, and the newest runner holds its result. */
    void hold(TaskAttemptId id, String block, int bytes) {
        event(new RunnerEvent.TaskSucceeded(
                id,
                new TaskStats(3, 0, 1, bytes, 0, 1_000, 1, 10, true),
                Optional.empty(),
                Optional.of(new ResultRef(block, newest, "node1", 0, bytes, 1, new byte[0])),
                new byte[0]));
    }

    /** The next command of this class, others being dropped; fails after 20 s. */
    <C extends RunnerCommand> C next(Class<C> kind) throws InterruptedException {
        while (true) {
            RunnerCommand command = commands.poll(20, TimeUnit.SECONDS);
            if (command == null) {
                throw new AssertionError("no " + kind.getSimpleName() + " came");
            }
            if (kind.isInstance(command)) {
                return kind.cast(command);
            }
        }
    }

    void event(RunnerEvent event) {
        listener.runner(newest, event);
    }

    /** The attempt ends well, with a text as its result. */
    void succeed(TaskAttemptId id, String result) {
        byte[] bytes = result.getBytes(StandardCharsets.UTF_8);
        event(new RunnerEvent.TaskSucceeded(
                id,
                new TaskStats(3, 0, 1, bytes.length, 0, 1_000, 1, 10, true),
                Optional.empty(),
                Optional.of(new ResultRef("", "r1", "node1", 0, bytes.length, 1, bytes)),
                new byte[0]));
    }

    @Override
    public void wantSlots(int wanted, Map<String, Integer> byHost) {}

    @Override
    public void release(String runner) {}

    @Override
    public void send(String runner, RunnerCommand command) {
        commands.add(command);
    }

    @Override
    public void stop(String reason, long timeoutMillis) {}
}
