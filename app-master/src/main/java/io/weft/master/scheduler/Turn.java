package io.weft.master.scheduler;

import java.util.ArrayList;
import java.util.List;

/** One event at work: its time, and what has been decided so far. */
final class Turn {
    private final long nowMillis;
    private final List<SchedulerAction> actions = new ArrayList<>();

    Turn(long nowMillis) {
        this.nowMillis = nowMillis;
    }

    long now() {
        return nowMillis;
    }

    void add(SchedulerAction action) {
        actions.add(action);
    }

    List<SchedulerAction> actions() {
        return actions;
    }
}
