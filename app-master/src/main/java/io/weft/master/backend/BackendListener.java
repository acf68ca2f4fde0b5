package io.weft.master.backend;

import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.RunnerEvent;

/** Where a backend reports; callable from any thread, never blocks. */
public interface BackendListener {
    /** Only {@link SchedulerEvent.RunnerRegistered} and {@link SchedulerEvent.RunnerLost}. */
    void scheduler(SchedulerEvent event);

    void runner(String runner, RunnerEvent event);

    /** No job can run any more: a catalogue code (or ""), its exit code, and a text for the user. */
    void broken(String code, int exit, String message);
}
