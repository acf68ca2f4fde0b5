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

/** One runner "r1" on host "node1" whose tasks do what the test says. */
final class FakeBackend implements Backend {
    final BlockingQueue<RunnerCommand> commands = new LinkedBlockingQueue<>();
    private final int slots;
    private BackendListener listener;

    FakeBackend(int slots) {
        this.slots = slots;
    }

    @Override
    public void start(BackendListener hears) {
        listener = hears;
        listener.scheduler(new SchedulerEvent.RunnerRegistered("r1", "node1", "", slots));
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
        listener.runner("r1", event);
    }

    /** The attempt ends well, with a text as its result. */
    void succeed(TaskAttemptId id, String result) {
        byte[] bytes = result.getBytes(StandardCharsets.UTF_8);
        event(new RunnerEvent.TaskSucceeded(
                id,
                new TaskStats(3, 0, 1, bytes.length, 0, 1_000, 1, 10, true),
                Optional.empty(),
                Optional.of(new ResultRef("", "r1", "node1", 0, bytes.length, 1, bytes))));
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
