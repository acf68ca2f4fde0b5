package io.weft.master.scheduler;

import io.weft.master.stages.Stage;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.TaskAttemptId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * Runners that die, vanish or are thought dead, tasks that fail, outputs that cannot be fetched, reports that are late. Reports of one
 * runner stay in order, as its link keeps them. Trouble ends after a while, so that every job can end.
 */
final class SimulatedCluster {
    private static final int HOSTS = 5;
    private static final long TROUBLE_ENDS_MILLIS = 20_000;

    private static final class Runner {
        final String name;
        final String host;

        /** It computes. A dead one says nothing more. */
        boolean alive = true;

        long lastReportMillis;

        Runner(String name, String host) {
            this.name = name;
            this.host = host;
        }
    }

    private final Simulation simulation;
    private final Random random;
    private final Map<String, Runner> runners = new LinkedHashMap<>();

    /** Attempts at work, with their runners. */
    private final Map<TaskAttemptId, Runner> working = new HashMap<>();

    /** Map outputs that can be read, with their values. */
    private final Map<MapOutputId, Long> stored = new HashMap<>();

    private final Map<MapOutputId, String> storedBy = new HashMap<>();
    private final Map<TaskAttemptId, Long> results = new HashMap<>();
    /** Attempts whose results are too large for their reports, with their runners. */
    private final Map<TaskAttemptId, Runner> holders = new HashMap<>();

    /** Accepted results that the driver has not read yet, with their jobs. */
    private final Map<TaskAttemptId, Integer> held = new LinkedHashMap<>();

    private final Set<TaskAttemptId> cancelled = new HashSet<>();

    /** Barrier attempts that wait in a call, with their launches. */
    private final Map<TaskAttemptId, SchedulerAction.LaunchTask> calling = new HashMap<>();

    private final Map<Integer, Map<Integer, Long>> committed = new HashMap<>();
    private final Map<String, List<MapOutput>> lists = new HashMap<>();

    /** A task that always fails, as "stage/partition"; often there is none. */
    private final String poisoned;

    private final int failurePercent;
    private int runnersMade;

    SimulatedCluster(Simulation simulation, Random random) {
        this.simulation = simulation;
        this.random = random;
        poisoned = random.nextInt(5) == 0 ? random.nextInt(6) + "/" + random.nextInt(3) : "";
        failurePercent = random.nextInt(12);
    }

    void start() {
        int count = 1 + random.nextInt(5);
        for (int i = 0; i < count; i++) {
            simulation.after(random.nextInt(1500), this::addRunner);
        }
        int deaths = random.nextInt(7);
        for (int i = 0; i < deaths; i++) {
            simulation.after(random.nextInt(8000), this::disturb);
        }
    }

    /** The value an accepted attempt computed. */
    long result(TaskAttemptId id) {
        return results.get(id);
    }

    /** The driver got the result of this attempt with its report; otherwise it reads it from the runner, sooner or later. */
    boolean isInline(TaskAttemptId id) {
        return !holders.containsKey(id);
    }

    /** The driver will read this result, unless it hears before that the runner is lost. */
    void hold(int job, TaskAttemptId id, Runnable taken) {
        held.put(id, job);
        simulation.after(random.nextInt(2500), () -> {
            if (held.remove(id) != null) {
                boolean readable = holders.get(id).alive && !trouble(5);
                if (readable) {
                    taken.run();
                }
                simulation.deliver(
                        readable
                                ? new SchedulerEvent.ResultTaken(job, id)
                                : new SchedulerEvent.ResultLost(job, id, "connection refused"));
            }
        });
    }

    /** The scheduler was told that the runner is lost; the driver gives up what it has not read. */
    void runnerLost(String runner) {
        List<TaskAttemptId> lost = held.keySet().stream()
                .filter(id -> holders.get(id).name.equals(runner))
                .toList();
        for (TaskAttemptId id : lost) {
            simulation.deliver(new SchedulerEvent.ResultLost(held.remove(id), id, "container lost"));
        }
    }

    Map<Integer, Long> committed(int job) {
        return committed.getOrDefault(job, Map.of());
    }

    /** Adds a runner, of each profile one. */
    private void addRunner() {
        addRunner(0);
        if (simulation.hasProfiles()) {
            addRunner(1);
        }
    }

    private void addRunner(int profile) {
        Runner runner = new Runner("r" + runnersMade++, "h" + random.nextInt(HOSTS));
        runners.put(runner.name, runner);
        String rack = "rack" + runner.host.charAt(1) % 2;
        int slots = simulation.isWide() ? 2 + random.nextInt(2) : 1 + random.nextInt(3);
        simulation.deliver(new SchedulerEvent.RunnerRegistered(runner.name, runner.host, rack, slots, 0, profile));
    }

    /** A runner dies, or is thought dead while it works on. Another one comes in its place. */
    private void disturb() {
        List<Runner> alive =
                runners.values().stream().filter(runner -> runner.alive).toList();
        simulation.after(random.nextInt(1000), this::addRunner);
        if (alive.isEmpty()) {
            return;
        }
        Runner runner = alive.get(random.nextInt(alive.size()));
        boolean readable = random.nextInt(3) == 0;
        SchedulerEvent lost = new SchedulerEvent.RunnerLost(runner.name, readable, "container lost");
        if (random.nextInt(3) > 0) {
            runner.alive = false;
            if (!readable) {
                stored.keySet().removeIf(id -> storedBy.get(id).equals(runner.name));
            }
            simulation.after(random.nextInt(2000), () -> simulation.deliver(lost));
        } else {
            simulation.deliver(lost);
            simulation.after(random.nextInt(3000), () -> runner.alive = false);
        }
    }

    void perform(SchedulerAction action) {
        if (action instanceof SchedulerAction.LaunchTask launch) {
            Runner runner = runners.get(launch.runner());
            working.put(launch.id(), runner);
            long begins = 1 + random.nextInt(800);
            boolean barrier = !launch.gang().isEmpty();
            simulation.after(begins, barrier ? () -> call(launch, runner, 0) : () -> work(launch, runner));
        } else if (action instanceof SchedulerAction.ShuffleReady ready) {
            lists.put(ready.shuffle() + "/" + ready.epoch(), ready.outputs());
        } else if (action instanceof SchedulerAction.CancelTask cancel) {
            spoil(cancel.id());
            simulation.after(random.nextInt(300), () -> stop(cancel.id()));
        } else if (action instanceof SchedulerAction.GrantCommit grant) {
            simulation.after(random.nextInt(300), () -> commit(grant.id()));
        } else if (action instanceof SchedulerAction.TaskDropped dropped) {
            spoil(dropped.attempt());
        } else if (action instanceof SchedulerAction.PassBarrier pass) {
            pass.ids().forEach(id -> goOn(id, pass.call()));
        } else if (action instanceof SchedulerAction.RefuseBarrier refuse) {
            refuse.ids().forEach(id -> {
                calling.remove(id);
                simulation.after(random.nextInt(100), () -> fail(id));
            });
        } else if (action instanceof SchedulerAction.DenyCommit deny) {
            simulation.after(random.nextInt(300), () -> stop(deny.id()));
        }
    }

    /** Nobody may use what a cancelled attempt made: from now on it is wrong. */
    private void spoil(TaskAttemptId id) {
        cancelled.add(id);
        results.computeIfPresent(id, (key, value) -> value ^ 0xBAD);
        int shuffle = simulation.stage(id).shuffle();
        if (shuffle >= 0) {
            stored.computeIfPresent(
                    SchedulerTester.outputId(shuffle, id.partition(), id.attempt()), (key, value) -> value ^ 0xBAD);
        }
    }

    private void stop(TaskAttemptId id) {
        Runner runner = working.remove(id);
        if (runner != null) {
            report(runner, new SchedulerEvent.TaskCancelled(id));
        }
    }

    /** An attempt of a barrier stage calls barrier(), rarely it forgets to. */
    private void call(SchedulerAction.LaunchTask launch, Runner runner, int number) {
        if (!runner.alive || !working.containsKey(launch.id())) {
            return;
        }
        if (trouble(4)) {
            work(launch, runner);
            return;
        }
        calling.put(launch.id(), launch);
        report(runner, new SchedulerEvent.BarrierReached(launch.id(), number, number == 1, "m"));
    }

    private void goOn(TaskAttemptId id, int call) {
        SchedulerAction.LaunchTask launch = calling.remove(id);
        if (launch != null) {
            Runner runner = runners.get(launch.runner());
            simulation.after(
                    random.nextInt(200), call == 0 ? () -> call(launch, runner, 1) : () -> work(launch, runner));
        }
    }

    private void fail(TaskAttemptId id) {
        Runner runner = working.get(id);
        if (runner != null && runner.alive) {
            end(id, runner, new SchedulerEvent.TaskFailed(id, SchedulerTester.EXTERNAL));
        }
    }

    private boolean trouble(int percent) {
        return simulation.now() < TROUBLE_ENDS_MILLIS && random.nextInt(100) < percent;
    }

    private void work(SchedulerAction.LaunchTask launch, Runner runner) {
        TaskAttemptId id = launch.id();
        if (!runner.alive || !working.containsKey(id)) {
            return;
        }
        List<MapOutputId> unreadable = new ArrayList<>();
        List<Long> inputs = new ArrayList<>();
        Stage stage = simulation.stage(id);
        for (int shuffle : stage.reads()) {
            for (MapOutput output : lists.get(shuffle + "/" + launch.epochs().get(shuffle))) {
                Long value = stored.get(output.id());
                if (value == null || trouble(1)) {
                    unreadable.add(output.id());
                } else {
                    inputs.add(value);
                }
            }
        }
        if (!unreadable.isEmpty()) {
            end(id, runner, new SchedulerEvent.FetchFailed(id, unreadable, "connection refused"));
        } else if ((stage.id() + "/" + id.partition()).equals(poisoned)) {
            end(id, runner, new SchedulerEvent.TaskFailed(id, SchedulerTester.USER));
        } else if (trouble(failurePercent)) {
            FailureKind kind = random.nextBoolean() ? FailureKind.EXTERNAL : FailureKind.INTERNAL;
            end(id, runner, new SchedulerEvent.TaskFailed(id, SchedulerTester.failure(kind)));
        } else {
            succeed(id, runner, stage, SimulatedJobs.value(stage, launch.job(), id.partition(), inputs));
        }
    }

    private void succeed(TaskAttemptId id, Runner runner, Stage stage, long value) {
        long written = cancelled.contains(id) ? value ^ 0xBAD : value;
        results.put(id, written);
        if (stage.shuffle() >= 0) {
            MapOutput output = SchedulerTester.output(stage.shuffle(), id, runner.name);
            stored.put(output.id(), written);
            storedBy.put(output.id(), runner.name);
            end(id, runner, new SchedulerEvent.TaskSucceeded(id, Optional.of(output), false));
        } else if (stage.commits()) {
            report(runner, new SchedulerEvent.CommitWanted(id));
        } else {
            boolean large = random.nextBoolean();
            if (large) {
                holders.put(id, runner);
            }
            end(id, runner, new SchedulerEvent.TaskSucceeded(id, Optional.empty(), large));
        }
    }

    private void commit(TaskAttemptId id) {
        Runner runner = working.get(id);
        if (runner != null && runner.alive) {
            committed
                    .computeIfAbsent(simulation.job(id), job -> new HashMap<>())
                    .put(id.partition(), results.get(id));
            end(id, runner, new SchedulerEvent.TaskSucceeded(id, Optional.empty(), false));
        }
    }

    private void end(TaskAttemptId id, Runner runner, SchedulerEvent report) {
        working.remove(id);
        report(runner, report);
    }

    /** Some reports of a runner that dies are lost with it. */
    private void report(Runner runner, SchedulerEvent event) {
        runner.lastReportMillis = Math.max(runner.lastReportMillis, simulation.now() + random.nextInt(400));
        boolean lostIfDead = random.nextBoolean();
        simulation.at(runner.lastReportMillis, () -> {
            if (runner.alive || !lostIfDead) {
                simulation.deliver(event);
            }
        });
    }
}
