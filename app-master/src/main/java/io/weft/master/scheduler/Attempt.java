package io.weft.master.scheduler;

import io.weft.runner.protocol.TaskAttemptId;

/** One attempt that occupies a slot, from its launch until its end is reported or its runner is lost. */
final class Attempt {
    final TaskAttemptId id;
    final StageRun stage;

    /** Index of the task in its stage. */
    final int task;

    final Slot slot;

    final long launchedMillis;

    /** Nobody wants its output any more; only its slot is waited for. */
    boolean cancelled;

    Attempt(TaskAttemptId id, StageRun stage, int task, Slot slot, long launchedMillis) {
        this.id = id;
        this.stage = stage;
        this.task = task;
        this.slot = slot;
        this.launchedMillis = launchedMillis;
    }

    String runner() {
        return slot.runner.name();
    }

    String host() {
        return slot.host().name;
    }
}
