package io.weft.master.scheduler;

import java.util.Comparator;

/** A place for one attempt in one runner, or a part of it. */
final class Slot {
    /** Slot 0 of every runner first, then slot 1: few tasks spread over many runners. */
    static final Comparator<Slot> SPREAD =
            Comparator.<Slot>comparingInt(slot -> slot.number).thenComparingInt(slot -> slot.runner.order());

    final RunnerState runner;
    final int number;

    /** When it became vacant last. */
    long vacantSinceMillis;

    /** What runs in it; null when it is vacant. */
    Attempt attempt;

    Slot(RunnerState runner, int number, long nowMillis) {
        this.runner = runner;
        this.number = number;
        vacantSinceMillis = nowMillis;
    }

    HostState host() {
        return runner.host();
    }

    int profile() {
        return runner.profile();
    }

    @Override
    public String toString() {
        return "slot " + number + " of runner " + runner.name();
    }
}
