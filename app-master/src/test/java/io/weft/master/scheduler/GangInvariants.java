package io.weft.master.scheduler;

import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import io.weft.runner.protocol.TaskAttemptId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What holds of barrier stages after every event, seen from outside as {@link Invariants} does. */
final class GangInvariants {
    private final Map<Integer, Stage> stages = new HashMap<>();
    private final Map<Integer, Integer> jobOfStage = new HashMap<>();

    /** Attempts that were launched, have not ended and are not cancelled, with their runners; by stage. */
    private final Map<Integer, Map<TaskAttemptId, String>> live = new HashMap<>();

    /** By stage, attempts that were parked and neither accepted nor dropped. */
    private final Map<Integer, Set<TaskAttemptId>> parked = new HashMap<>();

    /** By stage, attempts that wait in a call. */
    private final Map<Integer, Set<TaskAttemptId>> waiting = new HashMap<>();

    /** Stages of which an attempt has ended in vain with the event at hand. */
    private final Set<Integer> broken = new HashSet<>();

    void submitted(int job, StageGraph graph) {
        for (Stage stage : graph.stages()) {
            if (stage.barrier()) {
                stages.put(stage.id(), stage);
                jobOfStage.put(stage.id(), job);
                live.putIfAbsent(stage.id(), new TreeMap<>());
                parked.putIfAbsent(stage.id(), new HashSet<>());
                waiting.putIfAbsent(stage.id(), new HashSet<>());
            }
        }
    }

    void before(SchedulerEvent event) {
        if (event instanceof SchedulerEvent.RunnerLost e) {
            live.forEach((stage, attempts) -> List.copyOf(attempts.keySet()).stream()
                    .filter(id -> attempts.get(id).equals(e.runner()))
                    .forEach(id -> ended(id, true)));
        } else if (event instanceof SchedulerEvent.FetchFailed e) {
            ended(e.id(), true);
        } else if (event instanceof SchedulerEvent.TaskFailed e) {
            ended(e.id(), true);
        } else if (event instanceof SchedulerEvent.TaskCancelled e) {
            ended(e.id(), true);
        } else if (event instanceof SchedulerEvent.TaskSucceeded e) {
            ended(e.id(), false);
        } else if (event instanceof SchedulerEvent.BarrierReached e) {
            if (live.getOrDefault(e.id().stage(), Map.of()).containsKey(e.id())) {
                waiting.get(e.id().stage()).add(e.id());
            }
        }
    }

    private void ended(TaskAttemptId id, boolean inVain) {
        if (live.containsKey(id.stage()) && live.get(id.stage()).remove(id) != null) {
            waiting.get(id.stage()).remove(id);
            if (inVain) {
                broken.add(id.stage());
            }
        }
    }

    void after(List<SchedulerAction> actions) {
        Map<Integer, List<TaskAttemptId>> launched = new TreeMap<>();
        Map<Integer, Set<TaskAttemptId>> accepted = new TreeMap<>();
        for (SchedulerAction action : actions) {
            if (action instanceof SchedulerAction.LaunchTask a && stages.containsKey(a.id().stage())) {
                launch(a, launched);
            } else if (action instanceof SchedulerAction.CancelTask a && stages.containsKey(a.id().stage())) {
                live.get(a.id().stage()).remove(a.id());
                waiting.get(a.id().stage()).remove(a.id());
            } else if (action instanceof SchedulerAction.TaskParked a) {
                parked.get(a.attempt().stage()).add(a.attempt());
            } else if (action instanceof SchedulerAction.TaskDropped a) {
                take(a.attempt(), accepted);
            } else if (action instanceof SchedulerAction.TaskAccepted a
                    && stages.containsKey(a.attempt().stage())) {
                take(a.attempt(), accepted);
            } else if (action instanceof SchedulerAction.PassBarrier a) {
                pass(a);
            } else if (action instanceof SchedulerAction.RefuseBarrier a) {
                a.ids().forEach(id -> waiting.get(id.stage()).remove(id));
            }
        }
        passed.clear();
        stages.values().forEach(stage -> check(stage, launched.getOrDefault(stage.id(), List.of()), actions));
        broken.clear();
    }

    private final Set<TaskAttemptId> passed = new HashSet<>();

    private void launch(SchedulerAction.LaunchTask launch, Map<Integer, List<TaskAttemptId>> launched) {
        int stage = launch.id().stage();
        launched.computeIfAbsent(stage, id -> new ArrayList<>()).add(launch.id());
        live.get(stage).put(launch.id(), launch.runner());
        Invariants.check(
                launch.gang().size() == stages.get(stage).partitions().size(),
                launch.id() + " does not know where all its stage's tasks are");
    }

    private void take(TaskAttemptId id, Map<Integer, Set<TaskAttemptId>> taken) {
        Invariants.check(parked.get(id.stage()).remove(id), id + " was not kept, or is taken twice");
        taken.computeIfAbsent(id.stage(), stage -> new HashSet<>()).add(id);
    }

    /** Those that one call lets go are told a runner at a time. */
    private void pass(SchedulerAction.PassBarrier pass) {
        int stage = pass.ids().get(0).stage();
        passed.addAll(pass.ids());
        for (TaskAttemptId id : live.get(stage).keySet()) {
            Invariants.check(
                    waiting.get(stage).contains(id) || passed.contains(id),
                    pass.ids() + " may go on, but " + id + " has not come");
        }
        waiting.get(stage).removeAll(pass.ids());
    }

    private void check(Stage stage, List<TaskAttemptId> launched, List<SchedulerAction> actions) {
        int tasks = stage.partitions().size();
        Set<TaskAttemptId> running = live.get(stage.id()).keySet();
        Set<TaskAttemptId> kept = parked.get(stage.id());
        Invariants.check(
                launched.isEmpty() || launched.size() == tasks,
                "of the " + tasks + " tasks of barrier stage " + stage.id() + " only " + launched + " are launched");
        Set<Integer> tries = new HashSet<>();
        running.forEach(id -> tries.add(id.attempt()));
        kept.forEach(id -> tries.add(id.attempt()));
        Invariants.check(tries.size() <= 1, "attempts of two tries of a barrier stage: " + running + " and " + kept);
        int together = running.size() + kept.size();
        Invariants.check(
                together == 0 || together == tasks,
                "barrier stage " + stage.id() + " goes on with " + running + " and " + kept + " of " + tasks
                        + " tasks");
        Invariants.check(
                !broken.contains(stage.id()) || kept.isEmpty() && running.equals(new HashSet<>(launched)),
                "a try of barrier stage " + stage.id() + " goes on though it is over: " + running + " and " + kept);
        boolean over = actions.stream()
                .anyMatch(action -> action instanceof SchedulerAction.JobSucceeded a
                                && a.job() == jobOfStage.get(stage.id())
                        || action instanceof SchedulerAction.JobFailed b && b.job() == jobOfStage.get(stage.id()));
        Invariants.check(
                !over || together == 0, "barrier stage " + stage.id() + " outlives its job: " + running + kept);
    }
}
