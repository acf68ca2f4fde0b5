package io.weft.master.app;

import io.weft.master.config.AllocationSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How many runners an application has, by what there is to do. Pure, told of all that happens with the time; owned by the loop thread.
 *
 * <ol>
 *   <li>When tasks have waited for the backlog's timeout, one runner more is wanted, then two more, then four, and so on, as long as
 *       tasks wait: up to one slot for each task, and up to the maximum.
 *   <li>What has been wanted and has not come is given up when no task needs it.
 *   <li>A runner that has had no task for the idle timeout is released, unless fewer would be left than are wanted or than the minimum,
 *       or something needs it.
 * </ol>
 */
final class Allocation {
    /** How often a runner that something needs is looked at again. */
    private static final long LOOK_AGAIN_MILLIS = 1_000;

    /** What is to be done: so many runners shall there be, these go. */
    record Turn(int wanted, List<String> release) {}

    /** What the others know of a runner that is idle. */
    interface Ties {
        /** It keeps persisted partitions. */
        boolean keepsPersisted(String runner);

        /** It holds what would be lost with it, and what somebody will ask for. */
        boolean isNeeded(String runner);
    }

    private final AllocationSettings settings;
    private final int slots;

    /** By registered runner, how many attempts it runs. */
    private final Map<String, Integer> running = new LinkedHashMap<>();

    /** By registered runner, when it last began or ended something. */
    private final Map<String, Long> usedMillis = new LinkedHashMap<>();

    private int wanted;
    /** No task has been seen yet, and no runner released: what was asked for at the start stays. */
    private boolean fresh = true;
    /** How many more are asked for the next time. */
    private int step = 1;
    /** When more are asked for; Long.MAX_VALUE while no task waits for want of a runner. */
    private long growMillis = Long.MAX_VALUE;

    private long lookMillis;

    /** {@code slots}: of each runner; {@code initial}: runners that were asked for at the start. */
    Allocation(AllocationSettings settings, int slots, int initial) {
        this.settings = settings;
        this.slots = slots;
        this.wanted = initial;
    }

    /** Of each runner. */
    int slots() {
        return slots;
    }

    void registered(String runner, long nowMillis) {
        running.putIfAbsent(runner, 0);
        usedMillis.put(runner, nowMillis);
    }

    void lost(String runner) {
        running.remove(runner);
        usedMillis.remove(runner);
    }

    void launched(String runner, long nowMillis) {
        count(runner, 1, nowMillis);
    }

    void ended(String runner, long nowMillis) {
        count(runner, -1, nowMillis);
    }

    private void count(String runner, int more, long nowMillis) {
        if (running.containsKey(runner)) {
            running.merge(runner, more, Integer::sum);
            usedMillis.put(runner, nowMillis);
        }
    }

    /** When {@link #look} has something to do, unless something happens before. */
    long lookMillis() {
        return lookMillis;
    }

    /**
     * Decides.
     *
     * @param tasks slots that those take that run or could run now
     */
    Turn look(int tasks, long nowMillis, Ties ties) {
        int need = Math.min(settings.max(), (int) (((long) tasks + slots - 1) / slots));
        grow(need, nowMillis);
        List<String> release = new ArrayList<>();
        long next = growMillis;
        int left = running.size();
        for (Map.Entry<String, Integer> runner : running.entrySet()) {
            if (runner.getValue() > 0) {
                continue;
            }
            long due = dueMillis(runner.getKey(), nowMillis, ties);
            if (due > nowMillis) {
                next = Math.min(next, due);
            } else if (left > Math.max(settings.min(), Math.min(need, wanted))) {
                if (ties.isNeeded(runner.getKey())) {
                    next = Math.min(next, nowMillis + LOOK_AGAIN_MILLIS);
                } else {
                    release.add(runner.getKey());
                    left--;
                }
            }
        }
        release.forEach(this::lost);
        fresh &= tasks == 0 && release.isEmpty();
        if (!fresh) {
            wanted = Math.max(left, Math.max(settings.min(), Math.min(need, wanted)));
        }
        lookMillis = next;
        return new Turn(wanted, release);
    }

    private void grow(int need, long nowMillis) {
        if (need <= wanted) {
            growMillis = Long.MAX_VALUE;
            step = 1;
        } else if (growMillis == Long.MAX_VALUE) {
            growMillis = nowMillis + settings.backlogMillis();
        } else if (growMillis <= nowMillis) {
            wanted = (int) Math.min(need, (long) wanted + step);
            step = Math.min(2 * step, 1 << 20);
            growMillis = need > wanted ? nowMillis + settings.sustainedMillis() : Long.MAX_VALUE;
        }
    }

    /** When an idle runner may go. What it keeps is asked for only when that could be now, since the answer costs. */
    private long dueMillis(String runner, long nowMillis, Ties ties) {
        long sinceMillis = usedMillis.get(runner);
        long first = sinceMillis + Math.min(settings.idleMillis(), settings.cachedIdleMillis());
        if (first > nowMillis) {
            return first;
        }
        return sinceMillis + (ties.keepsPersisted(runner) ? settings.cachedIdleMillis() : settings.idleMillis());
    }
}
