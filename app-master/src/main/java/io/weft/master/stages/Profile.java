package io.weft.master.stages;

/**
 * Runners of one kind: tasks of a stage run on those of its profile alone.
 *
 * @param number 0: those that the application has anyway
 * @param slots that all its runners have at most; of number 0 the scheduler's settings say it
 * @param memoryBytes data a task may hold there before it spills; of number 0 the settings of jobs say it
 * @param limitBytes RSS at which a worker is stopped there, 0 for none; of number 0 as before
 */
public record Profile(int number, int slots, long memoryBytes, long limitBytes) {
    public static final Profile DEFAULT = new Profile(0, 0, 0, 0);

    public boolean isDefault() {
        return number == 0;
    }
}
