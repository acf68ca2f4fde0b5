package io.weft.master.config;

import java.util.Optional;

/**
 * Bounds of an application's number of containers, where that follows its work.
 *
 * @param initial how many are asked for at the start
 * @param idleMillis how long one stays that has nothing to do
 * @param cachedIdleMillis the same for one that keeps persisted partitions
 * @param backlogMillis how long tasks wait before more are asked for
 * @param sustainedMillis the same for every further time
 */
public record AllocationSettings(
        int min,
        int max,
        int initial,
        long idleMillis,
        long cachedIdleMillis,
        long backlogMillis,
        long sustainedMillis) {
    /** Far away, and no number that overflows when a time is added. */
    private static final long NEVER = Long.MAX_VALUE / 4;

    private static final String PREFIX = "weft.dynamicAllocation.";

    public AllocationSettings {
        if (min < 0 || max < 1 || min > max) {
            throw new IllegalArgumentException(PREFIX + "minExecutors is " + min + ", maxExecutors " + max);
        }
    }

    /** Empty where the number of containers is fixed. */
    static Optional<AllocationSettings> of(Settings settings) {
        if (!settings.flag(PREFIX + "enabled")) {
            return Optional.empty();
        }
        int min = Math.max(0, settings.integer(PREFIX + "minExecutors"));
        int given = settings.integer(PREFIX + "maxExecutors");
        int max = given < 1 ? Integer.MAX_VALUE : given;
        long cached = settings.millis(PREFIX + "cachedExecutorIdleTimeout");
        long backlog = settings.millis(PREFIX + "schedulerBacklogTimeout");
        long sustained = settings.millis(PREFIX + "sustainedSchedulerBacklogTimeout");
        return Optional.of(new AllocationSettings(
                Math.min(min, max),
                max,
                Math.min(max, Math.max(min, settings.integer(PREFIX + "initialExecutors"))),
                settings.millis(PREFIX + "executorIdleTimeout"),
                cached == 0 ? NEVER : cached,
                backlog,
                sustained == 0 ? backlog : sustained));
    }

    /**
     * Of containers that a profile asks for: none at the start, and none when they have been idle for long enough.
     *
     * @param most how many there may be where the number of containers is fixed; then as many come at once as tasks need
     */
    public static AllocationSettings ofProfile(Settings settings, int most) {
        long cached = settings.millis(PREFIX + "cachedExecutorIdleTimeout");
        return of(settings)
                .map(all -> new AllocationSettings(
                        0, all.max, 0, all.idleMillis, all.cachedIdleMillis, all.backlogMillis, all.sustainedMillis))
                .orElseGet(() -> new AllocationSettings(
                        0,
                        most,
                        0,
                        settings.millis(PREFIX + "executorIdleTimeout"),
                        cached == 0 ? NEVER : cached,
                        0,
                        0));
    }

    /** The same with a smaller maximum, where no more can be had. */
    public AllocationSettings atMost(int most) {
        int bound = Math.min(max, most);
        return new AllocationSettings(
                Math.min(min, bound),
                bound,
                Math.min(initial, bound),
                idleMillis,
                cachedIdleMillis,
                backlogMillis,
                sustainedMillis);
    }
}
