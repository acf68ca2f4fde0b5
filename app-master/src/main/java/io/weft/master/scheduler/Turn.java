package io.weft.master.scheduler;

import java.util.ArrayList;
import java.util.List;

/** One event at work: its time, and what has been decided so far. */
final class Turn {
    private final long nowMillis;
    private long wakeMillis = Long.MAX_VALUE;
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

    /** Somebody wants to look again at this time. */
    void wakeAt(long millis) {
        wakeMillis = Math.min(wakeMillis, millis);
    }

    /** Adds the one wish to be woken that is left: the first. */
    void addWake() {
        if (wakeMillis < Long.MAX_VALUE) {
            add(new SchedulerAction.WakeAt(wakeMillis));
        }
    }

    List<SchedulerAction> actions() {
        return actions;
    }
}
