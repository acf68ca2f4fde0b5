package io.weft.master.scheduler;

import io.weft.runner.protocol.TaskAttemptId;
import java.util.List;

/** One attempt that occupies a slot or several, from its launch until its end is reported or its runner is lost. */
final class Attempt {
    final TaskAttemptId id;
    final StageRun stage;

    /** Index of the task in its stage. */
    final int task;

    /** The slot that its runner knows it by. */
    final Slot slot;

    /** All slots that it takes, of the same runner. */
    final List<Slot> slots;

    final long launchedMillis;

    /** Nobody wants its output any more; only its slot is waited for. */
    boolean cancelled;

    Attempt(TaskAttemptId id, StageRun stage, int task, List<Slot> slots, long launchedMillis) {
        this.id = id;
        this.stage = stage;
        this.task = task;
        this.slot = slots.get(0);
        this.slots = List.copyOf(slots);
        this.launchedMillis = launchedMillis;
    }

    String runner() {
        return slot.runner.name();
    }

    String host() {
        return slot.host().name;
    }
}
