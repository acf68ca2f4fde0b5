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
 * @param barrier when a barrier stage fails instead of waiting
 */
public record SchedulerSettings(
        int maxTaskFailures,
        int maxTaskLosses,
        int maxShuffleLosses,
        Preference preference,
        Exclusion exclusion,
        Speculation speculation,
        Barrier barrier) {
    public static final SchedulerSettings DEFAULT = new SchedulerSettings(
            4,
            20,
            4,
            new Preference(true, true, 250, 250),
            new Exclusion(6, 600_000),
            new Speculation(false, 0.9, 3, 100),
            new Barrier(Integer.MAX_VALUE, 600_000, Long.MAX_VALUE));

    public SchedulerSettings {
        Objects.requireNonNull(preference, "preference is null");
        Objects.requireNonNull(exclusion, "exclusion is null");
        Objects.requireNonNull(speculation, "speculation is null");
        Objects.requireNonNull(barrier, "barrier is null");
        requirePositive("maxTaskFailures", maxTaskFailures);
        requirePositive("maxTaskLosses", maxTaskLosses);
        requirePositive("maxShuffleLosses", maxShuffleLosses);
    }

    /**
     * How long tasks wait for the hosts that they prefer.
     *
     * @param locality false: hosts that tasks prefer are ignored
     * @param hostsCome false: all hosts are there from the start, so a task whose hosts have no runner waits for none
     * @param nodeWaitMillis how long a free slot is kept for tasks that prefer its host before it takes one of its rack
     * @param rackWaitMillis how much longer before it takes any task
     */
    public record Preference(boolean locality, boolean hostsCome, long nodeWaitMillis, long rackWaitMillis) {
        public Preference {
            if (nodeWaitMillis < 0 || rackWaitMillis < 0) {
                throw new IllegalArgumentException("waits are " + nodeWaitMillis + " and " + rackWaitMillis + " ms");
            }
        }
    }

    /**
     * Whether slow tasks get a second attempt, and which are slow.
     *
     * @param quantile part of a stage's tasks that must be done, 0 to 1
     * @param multiplier of the median time of those
     * @param leastMillis a task that has run less is not slow
     */
    public record Speculation(boolean enabled, double quantile, double multiplier, long leastMillis) {
        public Speculation {
            if (!(quantile >= 0 && quantile <= 1) || !(multiplier >= 0) || leastMillis < 0) {
                throw new IllegalArgumentException(
                        "speculation: quantile " + quantile + ", multiplier " + multiplier + ", least " + leastMillis);
            }
        }
    }

    /**
     * When a barrier stage fails instead of waiting.
     *
     * @param slots of the application when all its containers are there: a stage of more tasks fails at once
     * @param gatherMillis how long a stage waits for slots that are not there
     * @param syncMillis how long tasks wait in a call for those that have not made it
     */
    public record Barrier(int slots, long gatherMillis, long syncMillis) {
        public Barrier {
            if (slots < 1 || gatherMillis < 1 || syncMillis < 1) {
                throw new IllegalArgumentException(
                        "barrier: " + slots + " slots, waits of " + gatherMillis + " and " + syncMillis + " ms");
            }
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

    public boolean locality() {
        return preference.locality();
    }

    public boolean hostsCome() {
        return preference.hostsCome();
    }

    public long nodeWaitMillis() {
        return preference.nodeWaitMillis();
    }

    public long rackWaitMillis() {
        return preference.rackWaitMillis();
    }

    public SchedulerSettings withMaxTaskFailures(int failures) {
        return new SchedulerSettings(
                failures, maxTaskLosses, maxShuffleLosses, preference, exclusion, speculation, barrier);
    }

    public SchedulerSettings withPreference(Preference other) {
        return new SchedulerSettings(
                maxTaskFailures, maxTaskLosses, maxShuffleLosses, other, exclusion, speculation, barrier);
    }

    public SchedulerSettings withSpeculation(Speculation other) {
        return new SchedulerSettings(
                maxTaskFailures, maxTaskLosses, maxShuffleLosses, preference, exclusion, other, barrier);
    }

    public SchedulerSettings withBarrier(Barrier other) {
        return new SchedulerSettings(
                maxTaskFailures, maxTaskLosses, maxShuffleLosses, preference, exclusion, speculation, other);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + ", must be at least 1");
        }
    }
}
