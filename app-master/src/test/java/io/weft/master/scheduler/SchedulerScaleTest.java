package io.weft.master.scheduler;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Constructor;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** What an event costs with many tasks, in operations and not in time: 5,000 containers of one slot. */
class SchedulerScaleTest {
    private static final int RUNNERS = 5_000;

    @Test
    void anEventOfAMillionTasksCostsNoMoreThanOneOfTenThousand() throws Exception {
        int tasksOfFew = 10_000;
        int tasksOfMany = 1_000_000;
        long[] few = run(tasksOfFew);
        long[] many = run(tasksOfMany);
        String found = "few: " + Arrays.toString(few) + ", many: " + Arrays.toString(many);
        assertTrue(few[0] >= 1.1 * tasksOfFew && many[0] >= 1.1 * tasksOfMany, "every task ran; " + found);
        assertTrue(many[2] / tasksOfMany <= few[2] / tasksOfFew, "submission, a task; " + found);
        assertTrue(many[1] / many[0] <= few[1] / few[0], "an event, on average; " + found);
        assertTrue(many[3] <= 1.1 * few[3], "an event, in the middle; " + found);
        assertTrue(many[4] <= 1.1 * few[4], "a rare event; " + found);
        assertTrue(many[5] <= 1.25 * few[5], "an event that looks at all slots; " + found);
    }

    @SuppressWarnings("unchecked")
    private static long[] run(int tasks) throws Exception {
        Constructor<?> counted = new Operations.Loader()
                .loadClass(ScaledRun.class.getName())
                .getConstructor(int.class, int.class, LongSupplier.class, boolean.class);
        LongSupplier gauge = Operations::count;
        return ((IntFunction<long[]>) counted.newInstance(RUNNERS, 1, gauge, true)).apply(tasks);
    }
}
