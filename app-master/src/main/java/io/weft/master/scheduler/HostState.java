package io.weft.master.scheduler;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** A host that has, or had, runners. */
final class HostState {
    final String name;
    final String rack;

    /** Profiles of its registered runners, one for each. */
    final List<Integer> runners = new ArrayList<>();

    /** All and only vacant slots of its runners. */
    final TreeSet<Slot> vacant = new TreeSet<>(Slot.SPREAD);

    /** It gets no tasks before this time; 0 when it is not excluded. */
    long excludedUntilMillis;

    /** Failures since {@link #firstFailureMillis}. */
    private int failures;

    private long firstFailureMillis;

    HostState(String name, String rack) {
        this.name = name;
        this.rack = rack;
    }

    boolean isExcluded() {
        return excludedUntilMillis > 0;
    }

    /** Counts a failure; failures are forgotten {@code windowMillis} after the first of them. */
    int failed(long nowMillis, long windowMillis) {
        if (failures == 0 || nowMillis - firstFailureMillis > windowMillis) {
            failures = 0;
            firstFailureMillis = nowMillis;
        }
        failures++;
        return failures;
    }
}
