package io.weft.master.scheduler;

import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.TaskAttemptId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What holds after every event, checked from outside: from the events as they went in and the actions as they came out, without a look
 * into the scheduler.
 */
final class Invariants {
    /** A broken invariant. */
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Violation(String message) {
            super(message);
        }
    }

    private record Task(int stage, int partition) {
        static Task of(TaskAttemptId id) {
            return new Task(id.stage(), id.partition());
        }
    }

    private final int maxFailures;

    /** Attempts of a task that may run at a time. */
    private final int mostAtOnce;

    /** Attempts that were accepted, or granted their commit, with the event at hand. */
    private final Set<TaskAttemptId> won = new HashSet<>();

    private final Map<String, String> hosts = new HashMap<>();
    private final Map<Integer, Stage> stages = new HashMap<>();
    private final Map<String, Integer> slotsByRunner = new HashMap<>();
    private final Map<String, Integer> profiles = new HashMap<>();
    private final Map<String, TaskAttemptId> occupied = new HashMap<>();
    private final Map<TaskAttemptId, SchedulerAction.LaunchTask> live = new HashMap<>();
    private final Set<TaskAttemptId> launched = new HashSet<>();
    private final Set<TaskAttemptId> cancelled = new HashSet<>();
    private final Set<MapOutputId> lost = new HashSet<>();
    private final Map<String, MapOutput> accepted = new HashMap<>();
    private final Map<TaskAttemptId, MapOutput> reported = new HashMap<>();
    private final Map<String, List<MapOutput>> announced = new HashMap<>();
    private final Map<Task, Integer> failures = new HashMap<>();
    private final Map<Task, Set<TaskAttemptId>> grants = new HashMap<>();
    private final Set<Task> results = new HashSet<>();

    /** Accepted attempts whose results the driver neither has nor lost. */
    private final Set<TaskAttemptId> held = new HashSet<>();

    private final GangInvariants gangs = new GangInvariants();
    private final Map<Integer, Stage> resultStages = new HashMap<>();
    private final Set<Integer> endedJobs = new HashSet<>();

    /** The attempt that ended with the event at hand. */
    private TaskAttemptId wasLive;

    /** Attempts whose runners hold their results. */
    private final Set<TaskAttemptId> holders = new HashSet<>();

    /** That attempt's runner holds its result. */
    private boolean holds;

    Invariants(int maxFailures, int mostAtOnce) {
        this.maxFailures = maxFailures;
        this.mostAtOnce = mostAtOnce;
    }

    /** Call before the scheduler gets the event. */
    void before(SchedulerEvent event) {
        gangs.before(event);
        if (event instanceof SchedulerEvent.JobSubmitted e) {
            submitted(e.job(), e.graph());
        } else if (event instanceof SchedulerEvent.RunnerRegistered e) {
            slotsByRunner.putIfAbsent(e.runner(), e.slots());
            hosts.put(e.runner(), e.host());
            profiles.put(e.runner(), e.profile());
        } else if (event instanceof SchedulerEvent.RunnerLost e) {
            slotsByRunner.put(e.runner(), 0);
            live.values().stream()
                    .filter(launch -> launch.runner().equals(e.runner()))
                    .map(SchedulerAction.LaunchTask::id)
                    .toList()
                    .forEach(this::ended);
            if (!e.outputsReadable()) {
                accepted.values().stream()
                        .filter(output -> output.runner().equals(e.runner()))
                        .toList()
                        .forEach(output -> {
                            lose(output);
                            loseTogether(output.id().shuffle());
                        });
            }
        } else if (event instanceof SchedulerEvent.FetchFailed e) {
            e.lost().forEach(id -> {
                lost.add(id);
                accepted.values().removeIf(output -> output.id().equals(id));
                loseTogether(id.shuffle());
            });
            ended(e.id());
        } else if (event instanceof SchedulerEvent.TaskSucceeded e) {
            e.output().ifPresent(output -> reported.put(e.id(), output));
            holds = e.held();
            if (e.held()) {
                holders.add(e.id());
            }
            ended(e.id());
        } else if (event instanceof SchedulerEvent.ResultTaken e) {
            held.remove(e.id());
        } else if (event instanceof SchedulerEvent.ResultLost e) {
            if (held.remove(e.id())) {
                loseResult(e.id());
            }
        } else if (event instanceof SchedulerEvent.TaskFailed e) {
            boolean counts = live.containsKey(e.id()) && !cancelled.contains(e.id());
            if (counts && e.failure().kind() != FailureKind.EXTERNAL) {
                failures.merge(Task.of(e.id()), 1, Integer::sum);
            }
            ended(e.id());
        } else if (event instanceof SchedulerEvent.TaskCancelled e) {
            ended(e.id());
        }
    }

    /** Results of a barrier stage are lost together. */
    private void loseResult(TaskAttemptId id) {
        results.remove(Task.of(id));
        if (stages.get(id.stage()).barrier()) {
            held.removeIf(other -> other.stage() == id.stage());
            results.removeIf(task -> task.stage() == id.stage());
        }
    }

    private void submitted(int job, StageGraph graph) {
        graph.stages().forEach(stage -> stages.put(stage.id(), stage));
        gangs.submitted(job, graph);
        resultStages.put(job, graph.stages().get(graph.stages().size() - 1));
    }

    private void lose(MapOutput output) {
        lost.add(output.id());
        accepted.remove(output.id().shuffle() + "/" + output.id().map());
    }

    /** Of what a barrier stage has written all is lost with one; it can be read, but nobody may accept half of it. */
    private void loseTogether(int shuffle) {
        if (stages.values().stream().anyMatch(stage -> stage.barrier() && stage.shuffle() == shuffle)) {
            accepted.keySet().removeIf(key -> key.startsWith(shuffle + "/"));
        }
    }

    private void ended(TaskAttemptId id) {
        SchedulerAction.LaunchTask launch = live.remove(id);
        if (launch != null) {
            occupied.remove(launch.runner() + "/" + launch.slot());
            wasLive = id;
        }
    }

    /** Call with what the scheduler decided. */
    void after(List<SchedulerAction> actions) {
        for (SchedulerAction action : actions) {
            if (action instanceof SchedulerAction.LaunchTask launch) {
                launch(launch);
            } else if (action instanceof SchedulerAction.ShuffleReady ready) {
                announced.put(ready.shuffle() + "/" + ready.epoch(), ready.outputs());
            } else if (action instanceof SchedulerAction.CancelTask cancel) {
                check(live.containsKey(cancel.id()), cancel.id() + " is cancelled but does not run");
                cancelled.add(cancel.id());
            } else if (action instanceof SchedulerAction.TaskAccepted accept) {
                accept(accept);
            } else if (action instanceof SchedulerAction.GrantCommit grant) {
                grant(grant.id());
            } else if (action instanceof SchedulerAction.JobSucceeded succeeded) {
                check(endedJobs.add(succeeded.job()), "job " + succeeded.job() + " ended twice");
                complete(succeeded.job());
            } else if (action instanceof SchedulerAction.JobFailed failed) {
                check(endedJobs.add(failed.job()), "job " + failed.job() + " ended twice");
            }
        }
        for (TaskAttemptId winner : won) {
            check(
                    live.keySet().stream().noneMatch(other -> isBeside(other, winner)),
                    winner + " has won, but another attempt goes on");
        }
        won.clear();
        wasLive = null;
        gangs.after(actions);
    }

    private boolean isBeside(TaskAttemptId other, TaskAttemptId winner) {
        return Task.of(other).equals(Task.of(winner)) && !other.equals(winner) && !cancelled.contains(other);
    }

    private String host(String runner) {
        return hosts.get(runner);
    }

    private int width(TaskAttemptId id) {
        return stages.get(id.stage()).share().slots();
    }

    private void launch(SchedulerAction.LaunchTask launch) {
        TaskAttemptId id = launch.id();
        check(!endedJobs.contains(launch.job()), id + " is launched for job " + launch.job() + " that ended");
        check(launched.add(id), id + " is launched twice");
        int profile = stages.get(id.stage()).share().profile().number();
        check(
                profiles.get(launch.runner()) == profile,
                id + " of profile " + profile + " is launched on " + launch.runner() + " of profile "
                        + profiles.get(launch.runner()));
        String slot = launch.runner() + "/" + launch.slot();
        check(
                launch.slot() < slotsByRunner.getOrDefault(launch.runner(), 0),
                id + " is launched in " + slot + " that is not there");
        check(
                !occupied.containsKey(slot),
                id + " is launched in " + slot + ", which " + occupied.get(slot) + " occupies");
        int taken = live.values().stream()
                .filter(other -> other.runner().equals(launch.runner()))
                .mapToInt(other -> width(other.id()))
                .sum();
        check(
                taken + width(id) <= slotsByRunner.get(launch.runner()),
                id + " takes " + width(id) + " slots of " + launch.runner() + ", of which " + taken + " are taken");
        check(
                failures.getOrDefault(Task.of(id), 0) < maxFailures,
                id + " is launched after " + maxFailures + " failures");
        List<SchedulerAction.LaunchTask> others = live.values().stream()
                .filter(other -> Task.of(other.id()).equals(Task.of(id)) && !cancelled.contains(other.id()))
                .toList();
        check(others.size() < mostAtOnce, id + " is launched beside " + others);
        check(
                others.stream().noneMatch(other -> host(other.runner()).equals(host(launch.runner()))),
                id + " is launched on the host of " + others);
        for (int shuffle : stages.get(id.stage()).reads()) {
            List<MapOutput> outputs =
                    announced.get(shuffle + "/" + launch.epochs().get(shuffle));
            check(outputs != null, id + " is launched before shuffle " + shuffle + " is announced");
            outputs.forEach(output ->
                    check(!lost.contains(output.id()), id + " is launched to read " + output.id() + ", which is lost"));
        }
        occupied.put(slot, id);
        live.put(id, launch);
    }

    private void accept(SchedulerAction.TaskAccepted accept) {
        TaskAttemptId id = accept.attempt();
        won.add(id);
        check(!cancelled.contains(id), id + " is accepted though it was cancelled");
        Stage stage = stages.get(id.stage());
        check(id.equals(wasLive) || stage.barrier(), id + " is accepted though it did not just end");
        if (accept.resultStage()) {
            check(results.add(Task.of(id)), id + " is the second result of its partition");
            if (stage.barrier() ? holders.contains(id) : holds) {
                held.add(id);
            }
            check(
                    !stage.commits()
                            || grants.getOrDefault(Task.of(id), Set.of()).contains(id),
                    id + " was not granted its commit");
        } else {
            MapOutput output = reported.get(id);
            MapOutput before =
                    accepted.put(output.id().shuffle() + "/" + output.id().map(), output);
            check(before == null, id + " is accepted, but " + before + " is there");
            failures.remove(Task.of(id));
        }
    }

    private void complete(int job) {
        Stage stage = resultStages.get(job);
        for (int partition : stage.partitions()) {
            Task task = new Task(stage.id(), partition);
            check(results.contains(task), "job " + job + " succeeded without the result of " + task);
            check(
                    held.stream().noneMatch(id -> Task.of(id).equals(task)),
                    "job " + job + " succeeded before the driver had the result of " + task);
        }
    }

    private void grant(TaskAttemptId id) {
        won.add(id);
        Set<TaskAttemptId> granted = grants.computeIfAbsent(Task.of(id), task -> new HashSet<>());
        granted.removeIf(other -> !other.equals(id) && !live.containsKey(other));
        granted.add(id);
        check(granted.size() == 1, "commits of one task are granted to " + granted);
        check(live.containsKey(id) && !cancelled.contains(id), id + " may commit, but is over");
    }

    static void check(boolean condition, String problem) {
        if (!condition) {
            throw new Violation(problem);
        }
    }
}
