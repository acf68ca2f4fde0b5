package io.weft.master.scheduler;

import io.weft.master.stages.StageGraph;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/**
 * One job of so many map tasks, a tenth as many reduce tasks, each map task preferring 3 of the hosts, run from its submission to its
 * end on many runners; attempts end in random order.
 */
public final class ScaledRun implements IntFunction<long[]> {
    private final Random random = new Random(1);
    private final int runners;
    private final LongSupplier gauge;
    private final boolean perEvent;
    private final Scheduler scheduler = new Scheduler();
    private final List<SchedulerAction.LaunchTask> running = new ArrayList<>();
    private long[] costs = new long[1 << 10];
    private int events;
    private long now;

    /** Share of the map tasks that ran on a host they prefer, in 1/1000. */
    long local;

    /**
     * @param gauge grows with what a run costs
     * @param perEvent false: it is read around the whole run only
     */
    public ScaledRun(int runners, int slots, LongSupplier gauge, boolean perEvent) {
        this.runners = runners;
        this.gauge = gauge;
        this.perEvent = perEvent;
        for (int i = 0; i < runners; i++) {
            scheduler.handle(new SchedulerEvent.RunnerRegistered("r" + i, "h" + i, "rack" + i / 40, slots), now);
        }
    }

    /**
     * Runs the job.
     *
     * @return events after the submission, the gauge's growth by them and by the submission; if per event, the median event's cost, that of
     *     the event which 1 in 1,000 exceed, and that of the fifth dearest: a stage begins or ends in less than five
     */
    @Override
    public long[] apply(int tasks) {
        List<List<String>> hosts = new ArrayList<>();
        for (int task = 0; task < tasks; task++) {
            hosts.add(List.of(host(), host(), host()));
        }
        StageGraph graph = new StageGraph(
                List.of(Graphs.map(0, 7, List.of(), hosts), Graphs.result(1, List.of(7), Graphs.nowhere(tasks / 10))));
        long before = gauge.getAsLong();
        launch(scheduler.handle(new SchedulerEvent.JobSubmitted(1, graph, ""), now));
        long submitted = gauge.getAsLong();
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
        long ended = gauge.getAsLong();
        local = local * 1000 / tasks;
        Arrays.sort(costs, 0, events);
        int rare = events - 1 - events / 1000;
        return new long[] {
            events, ended - submitted, submitted - before, costs[events / 2], costs[rare], costs[events - 5]
        };
    }

    private String host() {
        return "h" + random.nextInt(runners);
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
        long before = perEvent ? gauge.getAsLong() : 0;
        List<SchedulerAction> actions = scheduler.handle(event, now);
        long after = perEvent ? gauge.getAsLong() : 0;
        if (events == costs.length) {
            costs = Arrays.copyOf(costs, 2 * events);
        }
        costs[events] = after - before;
        events++;
        launch(actions);
    }

    private void launch(List<SchedulerAction> actions) {
        for (SchedulerAction action : actions) {
            if (action instanceof SchedulerAction.LaunchTask launch) {
                running.add(launch);
                local += launch.locality() == Locality.NODE ? 1 : 0;
            }
        }
    }
}
