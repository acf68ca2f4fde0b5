package io.weft.master.scheduler;

import java.util.List;

/** Pure and single-threaded: the only owner of scheduling state. */
public final class Scheduler {
    /** Decides what follows from one event at one time. Never blocks, never reads a clock, never throws for a late report. */
    public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
        return List.of();
    }
}
