package io.weft.master.scheduler;

import io.weft.master.stages.Stage;
import io.weft.runner.protocol.TaskAttemptId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;

/**
 * One seed: random jobs on a {@link SimulatedCluster} that loses, delays and repeats what it can, in virtual time. {@link Invariants}
 * are checked after every event, the answers at the end. The same seed gives the same run.
 */
final class Simulation {
    private static final int MAX_EVENTS = 20_000;

    /** What stands in for the scheduler; the planted faults change what goes in and out. */
    interface Subject {
        List<SchedulerAction> handle(SchedulerEvent event, long nowMillis);

        void validate();

        /** Attempts of one task that may run at a time. */
        default int attemptsAtOnce() {
            return 1;
        }
    }

    private record Timed(long time, long order, Runnable run) {}

    private final Random random;
    private final Subject subject;
    private final Invariants invariants;
    private final SimulatedJobs jobs;
    private final SimulatedCluster cluster;
    private final PriorityQueue<Timed> queue = new PriorityQueue<>(
            (a, b) -> a.time() == b.time() ? Long.compare(a.order(), b.order()) : Long.compare(a.time(), b.time()));

    private final Map<Integer, Integer> jobOfStage = new HashMap<>();
    private final Map<Integer, SchedulerAction> endings = new HashMap<>();
    private final Map<Integer, Map<Integer, Long>> collected = new HashMap<>();
    private final Set<Integer> cancelRequested = new HashSet<>();
    private final StringBuilder log = new StringBuilder();
    private int losses;
    private long order;
    private long now;

    Simulation(long seed, Subject subject) {
        this.random = new Random(seed);
        this.subject = subject;
        invariants = new Invariants(SchedulerSettings.DEFAULT.maxTaskFailures(), subject.attemptsAtOnce());
        jobs = new SimulatedJobs(random);
        cluster = new SimulatedCluster(this, random);
    }

    /** Some tasks take two slots. */
    boolean isWide() {
        return jobs.isWide;
    }

    /** Some stages run on runners of profile 1. */
    boolean hasProfiles() {
        return jobs.hasProfiles;
    }

    /** All events and actions so far, one a line. */
    String log() {
        return log.toString();
    }

    /** Runs to the end, and returns the log of all events and actions. */
    String run() {
        jobs.graphs.forEach((job, graph) -> {
            graph.stages().forEach(stage -> jobOfStage.put(stage.id(), job));
            long submit = random.nextInt(2000);
            at(submit, () -> deliver(new SchedulerEvent.JobSubmitted(job, graph, "g" + job % 2)));
            if (random.nextInt(6) == 0) {
                at(submit + random.nextInt(3000), () -> cancel(job));
            }
        });
        cluster.start();
        int events = 0;
        while (!queue.isEmpty() && endings.size() < jobs.graphs.size()) {
            Timed next = queue.remove();
            now = next.time();
            next.run().run();
            if (++events > MAX_EVENTS) {
                throw new Invariants.Violation(
                        "jobs " + jobs.graphs.keySet() + " do not end, only " + endings.keySet());
            }
        }
        validate();
        return log.toString();
    }

    Stage stage(TaskAttemptId id) {
        return jobs.stage(id.stage());
    }

    int job(TaskAttemptId id) {
        return jobOfStage.get(id.stage());
    }

    void at(long time, Runnable run) {
        queue.add(new Timed(Math.max(time, now), order++, run));
    }

    void after(long delay, Runnable run) {
        at(now + delay, run);
    }

    long now() {
        return now;
    }

    /** The scheduler gets this event now; some events come again later. */
    void deliver(SchedulerEvent event) {
        deliverOnce(event);
        if (random.nextInt(8) == 0) {
            after(random.nextInt(1500), () -> deliverOnce(event));
        }
    }

    private void deliverOnce(SchedulerEvent event) {
        // the bytes of an exception print as their address
        String text = event.toString().replaceFirst("pickled=[^,]*", "pickled");
        log.append(now).append(" event ").append(text).append('\n');
        boolean loses = event instanceof SchedulerEvent.RunnerLost || event instanceof SchedulerEvent.FetchFailed;
        losses += loses ? 1 : 0;
        invariants.before(event);
        List<SchedulerAction> actions = subject.handle(event, now);
        actions.forEach(
                action -> log.append(now).append(" action ").append(action).append('\n'));
        invariants.after(actions);
        subject.validate();
        actions.forEach(this::perform);
        if (event instanceof SchedulerEvent.RunnerLost lost) {
            cluster.runnerLost(lost.runner());
        }
    }

    private void cancel(int job) {
        if (random.nextBoolean()) {
            cancelRequested.add(job);
            deliver(new SchedulerEvent.JobCancelled(job, "enough"));
        } else {
            jobs.graphs.keySet().stream().filter(other -> other % 2 == job % 2).forEach(cancelRequested::add);
            deliver(new SchedulerEvent.GroupCancelled("g" + job % 2, "enough"));
        }
    }

    private void perform(SchedulerAction action) {
        if (action instanceof SchedulerAction.JobSucceeded a) {
            endings.put(a.job(), a);
        } else if (action instanceof SchedulerAction.JobFailed a) {
            endings.put(a.job(), a);
        } else if (action instanceof SchedulerAction.TaskAccepted a && a.resultStage()) {
            Runnable take = () -> collected
                    .computeIfAbsent(a.job(), job -> new HashMap<>())
                    .put(a.attempt().partition(), cluster.result(a.attempt()));
            if (cluster.isInline(a.attempt())) {
                take.run();
            } else {
                cluster.hold(a.job(), a.attempt(), take);
            }
        } else if (action instanceof SchedulerAction.CommitJob a) {
            after(random.nextInt(200), () -> deliver(new SchedulerEvent.JobCommitted(a.job(), Optional.empty())));
        } else if (action instanceof SchedulerAction.WakeAt a) {
            at(a.millis(), () -> deliverOnce(new SchedulerEvent.Tick()));
        } else {
            cluster.perform(action);
        }
    }

    /** Every job has ended, and rightly so: with the right answer, or for a reason that the simulation gave it. */
    private void validate() {
        List<String> problems = new ArrayList<>();
        jobs.graphs.forEach((job, graph) -> {
            SchedulerAction ending = endings.get(job);
            if (ending instanceof SchedulerAction.JobFailed failed) {
                boolean poisoned = failed.attempt() != null && failed.reason().contains("failed 4 times");
                boolean lossesInARow = failed.reason().contains("was run 4 times") && losses >= 4;
                boolean lacking = failed.reason().contains("weft.barrier.slotsTimeout")
                        && graph.stages().stream().anyMatch(Stage::barrier);
                if (!poisoned && !lossesInARow && !lacking && !(failed.cancelled() && cancelRequested.contains(job))) {
                    problems.add("job " + job + " failed without reason: " + failed.reason());
                }
            } else if (ending == null) {
                problems.add("job " + job + " did not end");
            } else {
                checkAnswer(job, graph.stages().get(graph.stages().size() - 1), problems);
            }
        });
        if (!problems.isEmpty()) {
            throw new Invariants.Violation(String.join("; ", problems));
        }
    }

    private void checkAnswer(int job, Stage result, List<String> problems) {
        Map<Integer, Long> expected = new HashMap<>();
        result.partitions().forEach(partition -> expected.put(partition, jobs.value(result, job, partition)));
        Map<Integer, Long> answer = result.commits() ? cluster.committed(job) : collected.getOrDefault(job, Map.of());
        if (!expected.equals(answer)) {
            problems.add("job " + job + " answered " + answer + " instead of " + expected);
        }
    }
}
