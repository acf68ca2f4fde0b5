package io.weft.master.scheduler;

import java.lang.management.ManagementFactory;

/**
 * Measures the cost of an event with 10 thousand, 100 thousand and 1 million map tasks on 5,000 containers of 4 slots; each task prefers
 * 3 of 5,000 hosts. Run with {@code java -Xmx3g -cp … io.weft.master.scheduler.SchedulerBench}; prints CPU nanoseconds per event.
 */
public final class SchedulerBench {
    private static final int RUNNERS = 5_000;
    private static final int SLOTS = 4;

    private SchedulerBench() {}

    /** Runs every size twice; the first round warms the JVM up. */
    public static void main(String[] arguments) {
        for (int round = 0; round < 2; round++) {
            for (int tasks : new int[] {10_000, 100_000, 1_000_000}) {
                ScaledRun run = new ScaledRun(RUNNERS, SLOTS, SchedulerBench::cpuNanos, false);
                long[] found = run.apply(tasks);
                System.out.printf(
                        "%,d map tasks: submitted in %,d us (%,d ns a task), then %,d events of %,d ns each; %.1f %% local%n",
                        tasks, found[2] / 1000, found[2] / tasks, found[0], found[1] / found[0], run.local / 10.0);
            }
        }
    }

    /** Of this thread, so that other load of the machine does not show. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
