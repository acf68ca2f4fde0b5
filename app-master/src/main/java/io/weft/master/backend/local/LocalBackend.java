package io.weft.master.backend.local;

import io.weft.master.backend.Backend;
import io.weft.master.backend.BackendListener;
import io.weft.master.results.ResultSource;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.container.Runner;
import io.weft.runner.container.RunnerConfig;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.RunnerCommand;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** local[N]: one runner of N slots in this JVM. It has no block server; its results are read from its store. */
public final class LocalBackend implements Backend, ResultSource {
    private final RunnerConfig config;
    private volatile Runner runner;

    public LocalBackend(RunnerConfig config) {
        this.config = config;
    }

    @Override
    public void start(BackendListener listener) throws IOException {
        runner = new Runner(config, event -> listener.runner(config.runner(), event));
        listener.scheduler(new SchedulerEvent.RunnerRegistered(
                config.runner(), config.host(), "", config.workers().slots()));
    }

    /** Has all the slots there are. */
    @Override
    public void wantSlots(int slots, Map<String, Integer> byHost) {}

    /** The only runner stays until the end. */
    @Override
    public void release(String name) {}

    @Override
    public void send(String name, RunnerCommand command) {
        Runner target = runner;
        if (target != null) {
            target.handle(command);
        }
    }

    @Override
    public InputStream open(ResultRef ref) throws IOException {
        Runner holder = runner;
        if (holder == null) {
            throw new IOException("the runner has ended");
        }
        return holder.results().open(ref.block(), 0, ref.bytes());
    }

    @Override
    public void stop(String reason, long timeoutMillis) {
        Runner ending = runner;
        runner = null;
        if (ending == null) {
            return;
        }
        Thread closing = new Thread(ending::close, "weft-runner-close");
        closing.setDaemon(true);
        closing.start();
        try {
            closing.join(Math.max(1, timeoutMillis));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }
}
