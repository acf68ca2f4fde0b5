package io.weft.master.scheduler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The calls of barrier() and allGather of one try. All tasks make the same calls in the same order, so one call is on at a time: the first
 * task that makes it opens it, the last one ends it for all.
 */
final class BarrierCalls {
    /** What all messages of one call may have together: each runner is sent all of them. */
    static final int MAX_CHARACTERS = 1 << 20;

    private final int tasks;

    /** By task, what it said; all and only tasks that wait. */
    private final TreeMap<Integer, String> waiting = new TreeMap<>();

    /** By task, how many calls it has made. */
    private final int[] made;

    /** Calls that were ended for all. */
    private int ended;

    /** Why a call ended in vain when a task had ended; "" while none has. Who comes to that call later hears the same. */
    private String vain = "";

    private boolean gathers;
    private long characters;
    private long openedMillis;

    BarrierCalls(int tasks) {
        this.tasks = tasks;
        made = new int[tasks];
    }

    /** A new try: nobody has called yet. */
    void begin() {
        waiting.clear();
        Arrays.fill(made, 0);
        characters = 0;
        ended = 0;
        vain = "";
    }

    /** Tasks that wait, in order. */
    List<Integer> waiting() {
        return List.copyOf(waiting.keySet());
    }

    /** The number of the call at hand, from 0. */
    int number() {
        return ended;
    }

    long openedMillis() {
        return openedMillis;
    }

    /** The task has made this call before. */
    boolean isRepeated(int task, SchedulerEvent.BarrierReached call) {
        return call.call() < made[task];
    }

    /** The number of the call in which the task waits; a call that a signal has ended is followed by one too early. */
    int lastOf(int task) {
        return made[task] - 1;
    }

    /** The task waits from now on. Why it, and all that wait, do so in vain; empty when they do not. */
    Optional<String> reached(int task, SchedulerEvent.BarrierReached call, long nowMillis) {
        if (waiting.isEmpty()) {
            gathers = call.gathers();
            openedMillis = nowMillis;
        }
        made[task] = call.call() + 1;
        boolean alike = gathers == call.gathers();
        String other = waiting.isEmpty() ? "" : "task " + waiting.firstKey();
        waiting.put(task, call.message());
        characters += call.message().length();
        if (call.call() < ended && !vain.isEmpty()) {
            return Optional.of(vain);
        } else if (call.call() != ended) {
            return Optional.of("task " + task + " has made " + (call.call() + 1)
                    + " calls where the others make their call number " + (ended + 1)
                    + ". All tasks of a barrier stage must make the same calls in the same order");
        } else if (!alike) {
            return Optional.of(other + " has called " + name(gathers) + " and task " + task + " " + name(!gathers)
                    + ", each as its call number " + (ended + 1)
                    + ". All tasks of a barrier stage must make the same calls in the same order");
        } else if (characters > MAX_CHARACTERS) {
            return Optional.of("the messages of allGather, call number " + (ended + 1) + ", have more than "
                    + MAX_CHARACTERS + " characters together. Write what is large to a file, and gather its path");
        }
        return Optional.empty();
    }

    /** Why those that wait do so in vain, now that a task has ended and will never call. */
    Optional<String> without(int task) {
        if (waiting.isEmpty()) {
            return Optional.empty();
        }
        vain = "task " + task + " has ended after " + ended + " calls, while task " + waiting.firstKey() + " waits in "
                + name(gathers) + ", its call number " + (ended + 1)
                + ". All tasks of a barrier stage must make the same calls in the same order";
        return Optional.of(vain);
    }

    /** Why those that wait have waited long enough. */
    String late(long limitMillis, List<String> missing) {
        return waiting.size() + " of " + tasks + " tasks have made call number " + (ended + 1) + ", " + name(gathers)
                + ", and waited " + limitMillis / 1000.0 + " s (weft.barrier.timeout) for "
                + String.join(", ", missing);
    }

    boolean isComplete() {
        return waiting.size() == tasks;
    }

    /** Ends the call; what all have said, in the order of the tasks, or nothing where they only waited. */
    List<String> pass() {
        List<String> messages = gathers ? new ArrayList<>(waiting.values()) : List.of();
        over();
        return messages;
    }

    /** Ends the call in vain. */
    void over() {
        waiting.clear();
        characters = 0;
        ended++;
    }

    private static String name(boolean gathers) {
        return gathers ? "allGather()" : "barrier()";
    }

    void validate(StageRun stage) {
        Checks.require(waiting.size() < tasks || tasks == 0, stage + ": all tasks wait for each other");
        waiting.keySet()
                .forEach(task -> Checks.require(
                        stage.running.containsKey(task),
                        stage + " task " + task + " waits for others, but does not run"));
    }
}
