package io.weft.master.scheduler;

import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Barrier stages. Rules:
 *
 * <ol>
 *   <li>A stage of more tasks than the application can have slots fails its job at once; one that waits too long for slots that are not
 *       there does so then. How it comes to its slots: {@link Placement}.
 *   <li>All tasks are launched together, a try. When one fails, all of the try are cancelled, and all run again together, at most as often
 *       as a task may fail.
 *   <li>What a try made is accepted when all have succeeded. Commits are granted when all ask for them.
 *   <li>A call of barrier() or allGather() ends when all tasks have made it; it fails when that cannot happen any more.
 * </ol>
 */
final class Gangs {
    static final String CODE = "E27";

    private final SchedulerSettings settings;
    private final Jobs jobs;
    private final Placement placement;

    Gangs(SchedulerSettings settings, Jobs jobs, Placement placement) {
        this.settings = settings;
        this.jobs = jobs;
        this.placement = placement;
    }

    /** An attempt of the try that is on has succeeded, rightly. */
    void succeeded(Attempt attempt, SchedulerEvent.TaskSucceeded report, Turn turn) {
        StageRun stage = attempt.stage;
        Gang gang = stage.gang;
        gang.committing.remove(attempt.task);
        gang.parked.put(attempt.task, new Gang.Parked(attempt, report));
        turn.add(new SchedulerAction.TaskParked(attempt.id));
        if (gang.parked.size() == stage.tasks()) {
            accept(stage, turn);
            return;
        }
        gang.calls.without(attempt.task).ifPresent(reason -> refuse(stage, reason, turn));
    }

    private void accept(StageRun stage, Turn turn) {
        List<Gang.Parked> all = List.copyOf(stage.gang.parked.values());
        stage.gang.end();
        for (Gang.Parked one : all) {
            Attempt attempt = one.attempt();
            if (stage.output != null) {
                stage.output.put(one.report().output().orElseThrow());
            } else {
                stage.resultDone(attempt, one.report().held());
            }
            turn.add(new SchedulerAction.TaskAccepted(stage.job.id, attempt.id, stage.output == null));
        }
        jobs.taskDone(stage, turn);
    }

    /** An attempt has ended otherwise: its try is over. A cancelled one, or one of an earlier try, means nothing. */
    void failed(Attempt attempt, TaskFailure failure, Turn turn) {
        StageRun stage = attempt.stage;
        if (!stage.gang.has(attempt)) {
            return;
        }
        end(stage, attempt.id + " ended, and all tasks of a barrier stage run together", turn);
        failed(stage, attempt, failure, turn);
    }

    private void failed(StageRun stage, Attempt attempt, TaskFailure failure, Turn turn) {
        StageRun.Trouble trouble = stage.gang.trouble;
        trouble.hosts.add(attempt.host());
        boolean lost = failure.kind() == FailureKind.EXTERNAL;
        int times = lost ? ++trouble.losses : ++trouble.failures;
        int most = lost ? settings.maxTaskLosses() : settings.maxTaskFailures();
        if (failure.kind() == FailureKind.FATAL || times >= most) {
            String tries = times == 1 ? " " : " " + times + " times with all tasks of its barrier stage, last: ";
            String reason = attempt.id + (lost ? " was lost" : " failed") + tries + failure.summary();
            jobs.fail(stage.job, reason, attempt.id, failure, trouble.hosts, turn);
            return;
        }
        again(stage, turn);
    }

    /** Ends the try that is on, if one is. */
    void end(StageRun stage, String reason, Turn turn) {
        List.copyOf(stage.running.values()).forEach(other -> placement.cancel(other, reason, turn));
        drop(stage, turn);
    }

    /** Nobody wants what the tasks of the try have made. */
    static void drop(StageRun stage, Turn turn) {
        for (Gang.Parked one : stage.gang.parked.values()) {
            turn.add(new SchedulerAction.TaskDropped(one.attempt().id));
        }
        stage.gang.end();
    }

    private void again(StageRun stage, Turn turn) {
        if (!stage.isBegun()) {
            jobs.refresh(stage.job, turn);
            return;
        }
        if (!stage.mayRun()) {
            stage.moveTo(StageStatus.WAITING);
        }
        placement.submitAll(stage, turn);
        if (stage.status == StageStatus.WAITING) {
            jobs.refresh(stage.job, turn);
        }
    }

    /** A runner is gone, and with it what attempts have made that are not accepted yet. */
    void runnerLost(SchedulerEvent.RunnerLost event, Turn turn) {
        for (JobRun job : List.copyOf(jobs.live.values())) {
            for (StageRun stage : List.copyOf(job.stages.values())) {
                if (stage.gang == null || job.ended) {
                    continue;
                }
                Optional<Gang.Parked> gone = stage.gang.parked.values().stream()
                        .filter(one -> one.attempt().runner().equals(event.runner()))
                        .filter(one ->
                                one.report().held() || one.report().output().isPresent() && !event.outputsReadable())
                        .findFirst();
                gone.ifPresent(
                        one -> failed(one.attempt(), Jobs.failure(FailureKind.EXTERNAL, "", event.reason()), turn));
            }
        }
    }

    /** A result that was accepted is gone: all tasks run again, and what was accepted of the try is void, also what the driver has. */
    void resultLost(Attempt attempt, String reason, Turn turn) {
        StageRun stage = attempt.stage;
        stage.held.clear();
        stage.clearResults();
        failed(stage, attempt, Jobs.failure(FailureKind.EXTERNAL, "", reason), turn);
    }

    /** Grants the commits of a try when all its tasks ask for theirs, so that hardly any is made in vain. */
    void commitWanted(Attempt attempt, Turn turn) {
        StageRun stage = attempt.stage;
        stage.gang.committing.add(attempt.task);
        stage.gang.calls.without(attempt.task).ifPresent(reason -> refuse(stage, reason, turn));
        if (stage.gang.committing.size() < stage.running.size()) {
            return;
        }
        for (Attempt one : stage.running.values()) {
            stage.grants.put(one.task, one.id);
            turn.add(new SchedulerAction.GrantCommit(one.id, one.runner()));
        }
        stage.gang.committing.clear();
    }

    void reached(SchedulerEvent.BarrierReached event, Turn turn) {
        Attempt attempt = placement.attempts.get(event.id());
        if (attempt == null || attempt.cancelled || attempt.stage.gang == null) {
            return;
        }
        StageRun stage = attempt.stage;
        BarrierCalls calls = stage.gang.calls;
        if (calls.isRepeated(attempt.task, event)) {
            return;
        }
        Optional<String> problem = calls.reached(attempt.task, event, turn.now());
        if (problem.isEmpty()) {
            OptionalInt silent = stage.gang.silent();
            problem = silent.isPresent() ? calls.without(silent.getAsInt()) : Optional.empty();
        }
        if (problem.isPresent()) {
            refuse(stage, problem.get(), turn);
        } else if (calls.isComplete()) {
            Map<String, List<TaskAttemptId>> byRunner = byRunner(stage, calls.waiting());
            int call = calls.number();
            List<String> messages = calls.pass();
            byRunner.forEach((runner, ids) -> turn.add(new SchedulerAction.PassBarrier(runner, ids, call, messages)));
        }
    }

    private void refuse(StageRun stage, String reason, Turn turn) {
        BarrierCalls calls = stage.gang.calls;
        String text = "In the barrier stage of " + place(stage) + ", " + reason + ".";
        Map<Integer, List<Integer>> byCall = new TreeMap<>();
        calls.waiting().forEach(task -> byCall.computeIfAbsent(calls.lastOf(task), call -> new ArrayList<>())
                .add(task));
        byCall.forEach((call, tasks) -> byRunner(stage, tasks)
                .forEach((runner, ids) -> turn.add(new SchedulerAction.RefuseBarrier(runner, ids, call, text))));
        calls.over();
    }

    /** {@code mapPartitions at etl.py:58}. */
    private static String place(StageRun stage) {
        return stage.stage.name() + " at " + stage.stage.site();
    }

    private static Map<String, List<TaskAttemptId>> byRunner(StageRun stage, List<Integer> tasks) {
        Map<String, List<TaskAttemptId>> ids = new TreeMap<>();
        for (int task : tasks) {
            Attempt attempt = stage.running.get(task);
            ids.computeIfAbsent(attempt.runner(), runner -> new ArrayList<>()).add(attempt.id);
        }
        return ids;
    }

    /** What time alone changes: calls and stages that have waited long enough. */
    void look(Turn turn) {
        for (JobRun job : List.copyOf(jobs.live.values())) {
            if (!job.hasGangs) {
                continue;
            }
            for (StageRun stage : List.copyOf(job.stages.values())) {
                if (stage.gang != null && !job.ended) {
                    lookForCalls(stage, turn);
                    lookForSlots(stage, turn);
                }
            }
        }
    }

    private void lookForCalls(StageRun stage, Turn turn) {
        List<Integer> waiting = stage.gang.calls.waiting();
        long limit = settings.barrier().syncMillis();
        if (waiting.isEmpty() || limit > Long.MAX_VALUE - stage.gang.calls.openedMillis()) {
            return;
        }
        long end = stage.gang.calls.openedMillis() + limit;
        if (turn.now() < end) {
            turn.wakeAt(end);
            return;
        }
        List<String> missing = IntStream.range(0, stage.tasks())
                .filter(task -> !waiting.contains(task))
                .mapToObj(task ->
                        "task " + task + " on " + stage.running.get(task).host())
                .toList();
        refuse(stage, stage.gang.calls.late(limit, missing), turn);
    }

    private void lookForSlots(StageRun stage, Turn turn) {
        int most = placement.slots.usable(stage);
        if (!stage.isLaunchable() || most >= stage.tasks()) {
            stage.gang.lackingSinceMillis = 0;
            return;
        }
        if (stage.gang.lackingSinceMillis == 0) {
            stage.gang.lackingSinceMillis = turn.now();
        }
        long end = stage.gang.lackingSinceMillis + settings.barrier().gatherMillis();
        if (turn.now() < end) {
            turn.wakeAt(end);
            return;
        }
        String reason = place(stage) + " is of a barrier stage: its " + stage.tasks()
                + " tasks run all at once" + each(stage) + ", and in "
                + settings.barrier().gatherMillis() / 1000 + " s (weft.barrier.slotsTimeout) there were never so many"
                + " slots; now there are " + placement.slots.usableSlots(stage)
                + ".\nGive the application more that can be had, or use fewer"
                + " partitions: repartition(" + Math.max(1, most) + ") before barrier().";
        jobs.fail(stage.job, reason, null, Jobs.failure(FailureKind.RESOURCES, CODE, reason), List.of(), turn);
    }

    private static String each(StageRun stage) {
        return stage.width() == 1 ? "" : ", in " + stage.width() + " slots each";
    }

    /** Why a job cannot run here at all; empty if it can. {@code slots}: of all runners that the application has anyway. */
    static Optional<String> tooLarge(JobRun job, int slots) {
        for (StageRun stage : job.stages.values()) {
            int most =
                    stage.profile() == 0 ? slots : stage.stage.share().profile().slots();
            if (stage.gang != null && (long) stage.tasks() * stage.width() > most) {
                return Optional.of(tooLarge(stage, most));
            }
        }
        return Optional.empty();
    }

    private static String tooLarge(StageRun stage, int slots) {
        String where = stage.profile() == 0 ? "the application has " : "its profile's containers have ";
        return place(stage) + " is of a barrier stage: its " + stage.tasks() + " tasks run all at once" + each(stage)
                + ", and " + where + slots + (slots == 1 ? " slot" : " slots")
                + ".\nUse fewer partitions, repartition(" + Math.max(1, slots / stage.width())
                + ") before barrier(), or more slots: local[" + stage.tasks() * stage.width()
                + "], or --num-executors times --executor-cores on a cluster.";
    }
}
