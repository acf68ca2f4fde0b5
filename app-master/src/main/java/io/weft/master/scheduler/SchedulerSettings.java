package io.weft.master.scheduler;

import java.util.Objects;

/**
 * The scheduler's settings.
 *
 * @param maxTaskFailures failures of one task that fail its job; EXTERNAL ones do not count
 * @param maxTaskLosses attempts of one task that may end otherwise (container lost, EXTERNAL, outputs unreadable) before its job fails: a
 *     task that kills its container each time must end, too
 * @param maxShuffleLosses times in a row that a complete shuffle may lose outputs before any of its readers' tasks succeeds; then the
 *     jobs that read it fail (E23)
 * @param locality false: hosts that tasks prefer are ignored
 * @param nodeWaitMillis how long a free slot is kept for tasks that prefer its host before it takes one of its rack
 * @param rackWaitMillis how much longer before it takes any task
 */
public record SchedulerSettings(
        int maxTaskFailures,
        int maxTaskLosses,
        int maxShuffleLosses,
        boolean locality,
        long nodeWaitMillis,
        long rackWaitMillis,
        Exclusion exclusion) {
    public static final SchedulerSettings DEFAULT =
            new SchedulerSettings(4, 20, 4, true, 250, 250, new Exclusion(6, 600_000));

    public SchedulerSettings {
        Objects.requireNonNull(exclusion, "exclusion is null");
        requirePositive("maxTaskFailures", maxTaskFailures);
        requirePositive("maxTaskLosses", maxTaskLosses);
        requirePositive("maxShuffleLosses", maxShuffleLosses);
        if (nodeWaitMillis < 0 || rackWaitMillis < 0) {
            throw new IllegalArgumentException("waits are " + nodeWaitMillis + " and " + rackWaitMillis + " ms");
        }
    }

    /**
     * When a host gets no tasks for a while. At most a third of the hosts are excluded at a time.
     *
     * @param failures failures on one host within {@code millis} that exclude it; those of user code do not count
     * @param millis how long it is excluded, and how long a failure is remembered
     */
    public record Exclusion(int failures, long millis) {
        public Exclusion {
            requirePositive("exclusion failures", failures);
        }
    }

    public SchedulerSettings withMaxTaskFailures(int failures) {
        return new SchedulerSettings(
                failures, maxTaskLosses, maxShuffleLosses, locality, nodeWaitMillis, rackWaitMillis, exclusion);
    }

    public SchedulerSettings withLocality(boolean on) {
        return new SchedulerSettings(
                maxTaskFailures, maxTaskLosses, maxShuffleLosses, on, nodeWaitMillis, rackWaitMillis, exclusion);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + ", must be at least 1");
        }
    }
}
