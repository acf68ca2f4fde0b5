package io.weft.master.scheduler;

import io.weft.master.stages.StageGraph;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Measures the cost of an event with 10 thousand, 100 thousand and 1 million map tasks on 5,000 containers of 4 slots; each task prefers
 * 3 of 5,000 hosts. Run with {@code java -Xmx3g -cp … io.weft.master.scheduler.SchedulerBench}; prints CPU nanoseconds per event.
 */
public final class SchedulerBench {
    private static final int RUNNERS = 5_000;
    private static final int SLOTS = 4;

    private final Random random = new Random(1);
    private final Scheduler scheduler = new Scheduler();
    private final List<SchedulerAction.LaunchTask> running = new ArrayList<>();
    private long events;
    private long launched;
    private long local;
    private long now;

    private SchedulerBench() {}

    /** Runs every size twice; the first round warms the JVM up. */
    public static void main(String[] arguments) {
        for (int round = 0; round < 2; round++) {
            for (int tasks : new int[] {10_000, 100_000, 1_000_000}) {
                new SchedulerBench().run(tasks);
            }
        }
    }

    private void run(int tasks) {
        for (int i = 0; i < RUNNERS; i++) {
            handle(new SchedulerEvent.RunnerRegistered("r" + i, "h" + i, "rack" + i / 40, SLOTS));
        }
        List<List<String>> hosts = new ArrayList<>();
        for (int task = 0; task < tasks; task++) {
            hosts.add(List.of(host(), host(), host()));
        }
        StageGraph graph = new StageGraph(
                List.of(Graphs.map(0, 7, List.of(), hosts), Graphs.result(1, List.of(7), Graphs.nowhere(tasks / 10))));
        long submitted = cpuNanos();
        handle(new SchedulerEvent.JobSubmitted(1, graph, ""));
        long begun = cpuNanos();
        events = 0;
        while (!running.isEmpty()) {
            now += random.nextInt(2);
            int chosen = random.nextInt(running.size());
            SchedulerAction.LaunchTask launch = running.get(chosen);
            running.set(chosen, running.get(running.size() - 1));
            running.remove(running.size() - 1);
            handle(new SchedulerEvent.TaskSucceeded(launch.id(), output(launch), false));
            if (running.isEmpty()) {
                now += 1000;
                handle(new SchedulerEvent.Tick());
            }
        }
        long ended = cpuNanos();
        System.out.printf(
                "%,d map tasks: submitted in %,d us (%,d ns a task), then %,d events of %,d ns each; %.1f %% local of %,d%n",
                tasks,
                (begun - submitted) / 1000,
                (begun - submitted) / tasks,
                events,
                (ended - begun) / events,
                100.0 * local / tasks,
                launched);
    }

    /** Of this thread, so that other load of the machine does not show. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private String host() {
        return "h" + random.nextInt(RUNNERS);
    }

    private static Optional<MapOutput> output(SchedulerAction.LaunchTask launch) {
        if (launch.id().stage() == 1) {
            return Optional.empty();
        }
        MapOutputId id =
                SchedulerTester.outputId(7, launch.id().partition(), launch.id().attempt());
        return Optional.of(new MapOutput(id, launch.runner(), launch.runner(), 7000, 0, "/data", 1, 100));
    }

    private void handle(SchedulerEvent event) {
        events++;
        for (SchedulerAction action : scheduler.handle(event, now)) {
            if (action instanceof SchedulerAction.LaunchTask launch) {
                running.add(launch);
                launched++;
                local += launch.locality() == Locality.NODE ? 1 : 0;
            }
        }
    }
}
