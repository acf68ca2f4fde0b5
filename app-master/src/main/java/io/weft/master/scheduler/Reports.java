package io.weft.master.scheduler;

import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a report about an attempt means. A report about an attempt that ended, or that nobody knows, means nothing; one about a
 * cancelled attempt frees its slot. What is said of map outputs is never late.
 */
final class Reports {
    private final SchedulerSettings settings;
    private final Jobs jobs;
    private final Placement placement;
    private final Speculation speculation;
    private final Gangs gangs;

    Reports(SchedulerSettings settings, Jobs jobs, Placement placement, Speculation speculation, Gangs gangs) {
        this.speculation = speculation;
        this.gangs = gangs;
        this.settings = settings;
        this.jobs = jobs;
        this.placement = placement;
    }

    void succeeded(SchedulerEvent.TaskSucceeded event, Turn turn) {
        Attempt running = placement.attempts.get(event.id());
        boolean granted = running != null && event.id().equals(running.stage.grants.get(running.task));
        Optional<Attempt> ended = placement.end(event.id(), turn);
        if (ended.isEmpty()) {
            return;
        }
        Attempt attempt = ended.get();
        if (!attempt.cancelled) {
            accept(attempt, event, granted, turn);
        }
        placement.offer(attempt.slots, turn);
    }

    private void accept(Attempt attempt, SchedulerEvent.TaskSucceeded event, boolean granted, Turn turn) {
        StageRun stage = attempt.stage;
        boolean writes = stage.output != null;
        if (writes
                && !event.output()
                        .map(output -> isOutputOf(attempt, output.id()))
                        .orElse(false)) {
            String problem = "succeeded without its map output, but with " + event.output();
            failed(attempt, Jobs.failure(FailureKind.INTERNAL, "", problem), turn);
        } else if (stage.stage.commits() && !granted) {
            failed(attempt, Jobs.failure(FailureKind.INTERNAL, "", "succeeded without the grant of its commit"), turn);
        } else if (stage.gang != null) {
            gangs.succeeded(attempt, event, turn);
        } else {
            cancelBeside(attempt, "another attempt of the task succeeded", turn);
            speculation.succeeded(attempt, turn);
            if (writes) {
                stage.output.put(event.output().get());
            } else {
                stage.resultDone(attempt, event.held());
            }
            if (writes || !event.held()) {
                stage.troubles.remove(attempt.task);
            }
            turn.add(new SchedulerAction.TaskAccepted(stage.job.id, attempt.id, !writes));
            jobs.taskDone(stage, turn);
        }
    }

    private void cancelBeside(Attempt attempt, String reason, Turn turn) {
        Attempt other = attempt.stage.beside(attempt);
        if (other != null) {
            placement.cancel(other, reason, turn);
        }
    }

    private static boolean isOutputOf(Attempt attempt, MapOutputId id) {
        return id.shuffle() == attempt.stage.output.id
                && id.map() == attempt.task
                && id.attempt() == attempt.id.attempt();
    }

    void failed(SchedulerEvent.TaskFailed event, Turn turn) {
        placement.end(event.id(), turn).ifPresent(attempt -> {
            if (!attempt.cancelled) {
                failed(attempt, event.failure(), turn);
            }
            placement.offer(attempt.slots, turn);
        });
    }

    private void failed(Attempt attempt, TaskFailure failure, Turn turn) {
        if (failure.kind() != FailureKind.USER && failure.kind() != FailureKind.FATAL) {
            placement.blame(attempt.host(), turn);
        }
        if (attempt.stage.gang != null) {
            gangs.failed(attempt, failure, turn);
            return;
        }
        if (failure.kind() == FailureKind.EXTERNAL) {
            lost(attempt, failure, turn);
            return;
        }
        StageRun.Trouble trouble = attempt.stage.troubles.computeIfAbsent(attempt.task, task -> new StageRun.Trouble());
        trouble.hosts.add(attempt.host());
        trouble.failures++;
        if (failure.kind() == FailureKind.FATAL || trouble.failures >= settings.maxTaskFailures()) {
            String times = trouble.failures == 1 ? "" : trouble.failures + " times, last: ";
            String reason = attempt.id + " failed " + times + failure.summary();
            jobs.fail(attempt.stage.job, reason, attempt.id, failure, trouble.hosts, turn);
        } else {
            jobs.again(attempt.stage, attempt.task, attempt.host(), turn);
        }
    }

    /** The attempt ended for reasons outside the task. */
    private void lost(Attempt attempt, TaskFailure failure, Turn turn) {
        StageRun.Trouble trouble = attempt.stage.troubles.computeIfAbsent(attempt.task, task -> new StageRun.Trouble());
        trouble.hosts.add(attempt.host());
        trouble.losses++;
        if (trouble.losses >= settings.maxTaskLosses()) {
            String reason = attempt.id + " was lost " + trouble.losses + " times, last: " + failure.summary();
            jobs.fail(attempt.stage.job, reason, attempt.id, failure, trouble.hosts, turn);
        } else {
            jobs.again(attempt.stage, attempt.task, "", turn);
        }
    }

    private void lost(Attempt attempt, String reason, Turn turn) {
        TaskFailure failure = Jobs.failure(FailureKind.EXTERNAL, "", reason);
        if (attempt.stage.gang != null) {
            gangs.failed(attempt, failure, turn);
        } else {
            lost(attempt, failure, turn);
        }
    }

    void resultTaken(SchedulerEvent.ResultTaken event, Turn turn) {
        heldBy(event.job(), event.id()).ifPresent(attempt -> {
            attempt.stage.held.remove(attempt.id);
            attempt.stage.troubles.remove(attempt.task);
            jobs.endIfDone(attempt.stage.job, turn);
        });
    }

    /** The task runs again, as if the attempt had been lost: a task whose runner dies of its result each time must end, too. */
    void resultLost(SchedulerEvent.ResultLost event, Turn turn) {
        heldBy(event.job(), event.id()).ifPresent(attempt -> {
            placement.blame(attempt.host(), turn);
            if (attempt.stage.gang != null) {
                gangs.resultLost(attempt, event.reason(), turn);
                return;
            }
            attempt.stage.resultLost(attempt);
            lost(attempt, event.reason(), turn);
        });
    }

    private Optional<Attempt> heldBy(int job, TaskAttemptId id) {
        return Optional.ofNullable(jobs.live.get(job)).map(live -> live.result.held.get(id));
    }

    void cancelled(TaskAttemptId id, Turn turn) {
        placement.end(id, turn).ifPresent(attempt -> {
            if (!attempt.cancelled) {
                lost(attempt, "the runner stopped it", turn);
            }
            placement.offer(attempt.slots, turn);
        });
    }

    void fetchFailed(SchedulerEvent.FetchFailed event, Turn turn) {
        Map<ShuffleState, IntQueue> lost = new LinkedHashMap<>();
        Set<String> hosts = new LinkedHashSet<>();
        for (MapOutputId id : event.lost()) {
            ShuffleState shuffle = jobs.shuffles.get(id.shuffle());
            if (shuffle != null && shuffle.lose(id)) {
                lost.computeIfAbsent(shuffle, key -> new IntQueue()).addLast(id.map());
                hosts.add(shuffle.lastLossHost());
            }
        }
        lost.forEach(Reports::loseTogether);
        hosts.forEach(host -> placement.blame(host, turn));
        Optional<Attempt> ended = placement.end(event.id(), turn);
        ended.filter(attempt -> !attempt.cancelled).ifPresent(attempt -> lost(attempt, event.reason(), turn));
        jobs.mapsLost(lost, turn);
        ended.ifPresent(attempt -> placement.offer(attempt.slots, turn));
    }

    /** Also of a runner that was lost before: with its host gone, its outputs cannot be read any more either. */
    void runnerLost(SchedulerEvent.RunnerLost event, Turn turn) {
        Optional<RunnerState> runner = placement.slots.lose(event.runner());
        runner.ifPresent(gone -> placement.hostGone(gone.host().name));
        Map<ShuffleState, IntQueue> lost = new LinkedHashMap<>();
        if (!event.outputsReadable()) {
            jobs.shuffles.values().forEach(shuffle -> lost.put(shuffle, shuffle.loseRunner(event.runner())));
            lost.values().removeIf(maps -> maps.size() == 0);
            lost.forEach(Reports::loseTogether);
        }
        List<Attempt> ended = new ArrayList<>();
        for (Slot slot : runner.map(RunnerState::slots).orElse(List.of())) {
            if (slot.attempt != null) {
                ended.add(placement.end(slot.attempt.id, turn).orElseThrow());
            }
        }
        for (Attempt attempt : ended) {
            // the loss of one may have ended the job of another
            if (!attempt.cancelled && !attempt.stage.job.ended) {
                lost(attempt, event.reason(), turn);
            }
        }
        gangs.runnerLost(event, turn);
        jobs.mapsLost(lost, turn);
    }

    /** Of a shuffle that a barrier stage writes all outputs are lost with one. */
    private static void loseTogether(ShuffleState shuffle, IntQueue lost) {
        if (shuffle.together) {
            shuffle.loseAll(lost);
        }
    }

    void commitWanted(TaskAttemptId id, Turn turn) {
        Attempt attempt = placement.attempts.get(id);
        if (attempt == null) {
            return;
        }
        StageRun stage = attempt.stage;
        if (stage.gang != null && !attempt.cancelled && stage.stage.commits()) {
            gangs.commitWanted(attempt, turn);
            return;
        }
        boolean grant = !attempt.cancelled
                && stage.stage.commits()
                && stage.grants.computeIfAbsent(attempt.task, task -> id).equals(id);
        if (grant) {
            cancelBeside(attempt, "another attempt of the task commits", turn);
        }
        turn.add(
                grant
                        ? new SchedulerAction.GrantCommit(id, attempt.runner())
                        : new SchedulerAction.DenyCommit(id, attempt.runner()));
    }
}
