package io.weft.master.scheduler;

import io.weft.master.stages.Stage;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which stages of which jobs run. A stage is needed when it is a job's result stage, or when a needed stage with tasks to launch reads
 * its shuffle and outputs of that are missing; needed stages run as soon as their inputs are complete. What is complete already,
 * also by an earlier job, is not run again. Of several jobs that need one shuffle, the first writes it.
 */
final class Jobs {
    private final SchedulerSettings settings;
    private final Placement placement;

    /** All and only live jobs, by id. */
    final Map<Integer, JobRun> live = new LinkedHashMap<>();

    /** Every shuffle that a job wrote or wanted to, until it is dropped. */
    final Map<Integer, ShuffleState> shuffles = new TreeMap<>();

    Jobs(SchedulerSettings settings, Placement placement) {
        this.settings = settings;
        this.placement = placement;
    }

    void submit(SchedulerEvent.JobSubmitted event, Turn turn) {
        JobRun job = new JobRun(event.job(), event.group());
        live.put(job.id, job);
        for (Stage stage : event.graph().stages()) {
            if (!add(job, stage, turn)) {
                return;
            }
        }
        Optional<String> tooLarge = Gangs.tooLarge(job, settings.barrier().slots());
        if (tooLarge.isPresent()) {
            TaskFailure problem = failure(FailureKind.RESOURCES, Gangs.CODE, tooLarge.get());
            fail(job, tooLarge.get(), null, problem, List.of(), turn);
            return;
        }
        refresh(job, turn);
        if (!job.ended) {
            endIfDone(job, turn);
        }
    }

    /** Gives a live job more to read, and the stages that write it. */
    void extend(SchedulerEvent.JobExtended event, Turn turn) {
        JobRun job = live.get(event.job());
        if (job == null || job.committing) {
            return;
        }
        for (Stage stage : event.graph().stages()) {
            StageRun known = job.stages.get(stage.id());
            if (known != null) {
                known.inputs = inputs(stage);
            } else if (!add(job, stage, turn)) {
                return;
            }
        }
        refresh(job, turn);
    }

    /** Adds a stage to a job; false if that ended the job. */
    private boolean add(JobRun job, Stage stage, Turn turn) {
        ShuffleState output = null;
        int maps = stage.partitions().size();
        if (stage.shuffle() >= 0) {
            output = shuffles.computeIfAbsent(stage.shuffle(), id -> new ShuffleState(id, maps));
            output.jobs.add(job);
            if (output.maps() != maps) {
                String counts =
                        "shuffle " + output.id + " has " + maps + " maps, an earlier job gave it " + output.maps();
                fail(job, counts, null, failure(FailureKind.INTERNAL, "", counts), List.of(), turn);
                return false;
            }
        }
        StageRun added = new StageRun(job, stage, output, inputs(stage));
        job.isPlain &= added.width() == 1 && added.profile() == 0;
        if (stage.barrier()) {
            job.hasGangs = true;
            if (output != null) {
                output.together = true;
            }
        }
        job.stages.put(stage.id(), added);
        if (output == null) {
            job.result = added;
        }
        return true;
    }

    private List<ShuffleState> inputs(Stage stage) {
        return stage.reads().stream().map(shuffles::get).toList();
    }

    static TaskFailure failure(FailureKind kind, String code, String problem) {
        return new TaskFailure(kind, code, problem, "", new byte[0], "");
    }

    /** Finds out which stages of a job are needed, and lets run those that may. */
    void refresh(JobRun job, Turn turn) {
        Map<Integer, StageRun> needed = new TreeMap<>();
        Deque<StageRun> toVisit = new ArrayDeque<>();
        toVisit.add(job.result);
        while (!toVisit.isEmpty()) {
            StageRun stage = toVisit.remove();
            if (stage.isFinished() || needed.put(stage.stage.id(), stage) != null) {
                continue;
            }
            if (stage.output != null && stage.output.producer == null) {
                stage.output.producer = stage;
            }
            boolean writes = stage.output == null || stage.output.producer == stage;
            if (writes && (!stage.isBegun() || stage.pending.count() > 0)) {
                for (ShuffleState input : stage.inputs) {
                    if (!input.isComplete() && input.lossesInARow >= settings.maxShuffleLosses()) {
                        failForLosses(job, input, turn);
                        return;
                    } else if (!input.isComplete()) {
                        toVisit.add(writerIn(job, input));
                    }
                }
            }
        }
        needed.values().forEach(stage -> letRun(stage, turn));
    }

    private static StageRun writerIn(JobRun job, ShuffleState shuffle) {
        return job.stages.values().stream()
                .filter(stage -> stage.output == shuffle)
                .findFirst()
                .orElseThrow();
    }

    private void letRun(StageRun stage, Turn turn) {
        if (!stage.mayRun()) {
            stage.moveTo(StageStatus.WAITING);
            placement.update(stage, 0);
        } else if (stage.status != StageStatus.ACTIVE) {
            stage.moveTo(StageStatus.ACTIVE);
            stage.activeSinceMillis = turn.now();
            if (stage.isBegun()) {
                placement.resume(stage, turn);
            } else {
                if (stage.gang != null && stage.output != null) {
                    stage.output.loseAll(new IntQueue());
                }
                placement.begin(stage, turn);
            }
        }
    }

    /** Lets a task wait for another attempt, unless one still runs; a stage that had finished begins with it. */
    void again(StageRun stage, int task, String avoidedHost, Turn turn) {
        if (stage.running.containsKey(task)) {
            return;
        }
        if (!stage.isBegun()) {
            refresh(stage.job, turn);
            return;
        }
        if (!stage.mayRun()) {
            stage.moveTo(StageStatus.WAITING);
        }
        placement.submit(stage, task, avoidedHost, turn);
        if (stage.status == StageStatus.WAITING) {
            refresh(stage.job, turn);
        }
    }

    /** This shuffle became complete, incomplete, or lost the stage that wrote it. */
    void changed(ShuffleState shuffle, Turn turn) {
        for (JobRun job : List.copyOf(shuffle.jobs)) {
            if (!job.ended) {
                refresh(job, turn);
            }
        }
    }

    /** These maps, by shuffle, are not done any more: the stage that writes the shuffle now, or then has to, runs them again. */
    void mapsLost(Map<ShuffleState, IntQueue> lost, Turn turn) {
        lost.forEach((shuffle, maps) -> {
            for (int i = 0; i < maps.size(); i++) {
                StageRun writer = shuffle.producer;
                if (writer != null && writer.isBegun() && writer.isIdle(maps.at(i))) {
                    again(writer, maps.at(i), "", turn);
                }
            }
        });
        lost.keySet().forEach(shuffle -> changed(shuffle, turn));
    }

    /** A task of the stage is done; what follows if it was the last. */
    void taskDone(StageRun stage, Turn turn) {
        stage.inputs.forEach(input -> input.lossesInARow = 0);
        if (!stage.isFinished()) {
            return;
        }
        turn.add(new SchedulerAction.StageFinished(stage.job.id, stage.stage.id()));
        stage.finish();
        placement.update(stage, 0);
        if (stage.output == null) {
            endIfDone(stage.job, turn);
        } else {
            stage.output.producer = null;
            stage.output.jobs.forEach(job -> writerIn(job, stage.output).finish());
            changed(stage.output, turn);
        }
    }

    /** Ends the job, or has it committed, once all results are there and no runner holds one any more. */
    void endIfDone(JobRun job, Turn turn) {
        if (!job.result.isFinished() || !job.result.held.isEmpty()) {
            return;
        }
        if (job.result.stage.commits()) {
            job.committing = true;
            turn.add(new SchedulerAction.CommitJob(job.id));
        } else {
            turn.add(new SchedulerAction.JobSucceeded(job.id));
            end(job, "the job is done", turn);
        }
    }

    void committed(SchedulerEvent.JobCommitted event, Turn turn) {
        JobRun job = live.get(event.job());
        if (job != null && job.committing && event.error().isPresent()) {
            TaskFailure error = event.error().get();
            fail(job, error.summary(), null, error, List.of(), turn);
        } else if (job != null && job.committing) {
            turn.add(new SchedulerAction.JobSucceeded(job.id));
            end(job, "the job is done", turn);
        }
    }

    /** Ends a job because somebody asked for it. */
    void cancel(JobRun job, String reason, Turn turn) {
        turn.add(new SchedulerAction.JobFailed(job.id, true, reason, null, null, List.of()));
        end(job, reason, turn);
    }

    /** @param attempt the attempt to blame, or null */
    void fail(JobRun job, String reason, TaskAttemptId attempt, TaskFailure last, List<String> hosts, Turn turn) {
        turn.add(new SchedulerAction.JobFailed(job.id, false, reason, attempt, last, hosts));
        end(job, reason, turn);
    }

    private void failForLosses(JobRun job, ShuffleState shuffle, Turn turn) {
        String reason = writerIn(job, shuffle) + " was run " + shuffle.lossesInARow
                + " times: map outputs were lost each time, last on " + shuffle.lastLossHost();
        shuffle.lossesInARow = 0;
        fail(job, reason, null, failure(FailureKind.EXTERNAL, "E23", reason), List.of(shuffle.lastLossHost()), turn);
    }

    private void end(JobRun job, String reason, Turn turn) {
        job.ended = true;
        live.remove(job.id);
        placement.remove(job);
        List<ShuffleState> orphaned = new ArrayList<>();
        for (StageRun stage : job.stages.values()) {
            List.copyOf(stage.copies.values()).forEach(attempt -> placement.cancel(attempt, reason, turn));
            List.copyOf(stage.running.values()).forEach(attempt -> placement.cancel(attempt, reason, turn));
            if (stage.gang != null) {
                Gangs.drop(stage, turn);
            }
            if (stage.output != null) {
                stage.output.jobs.remove(job);
                if (stage.output.producer == stage) {
                    stage.output.producer = null;
                    orphaned.add(stage.output);
                }
                dropIfUnused(stage.output, turn);
            }
        }
        orphaned.forEach(shuffle -> changed(shuffle, turn));
    }

    void drop(int id, Turn turn) {
        ShuffleState shuffle = shuffles.get(id);
        if (shuffle != null) {
            shuffle.dropped = true;
            dropIfUnused(shuffle, turn);
        }
    }

    private void dropIfUnused(ShuffleState shuffle, Turn turn) {
        if (shuffle.dropped && shuffle.jobs.isEmpty()) {
            shuffles.remove(shuffle.id);
            turn.add(new SchedulerAction.DropShuffle(shuffle.id));
        }
    }

    void validate() {
        shuffles.values().forEach(ShuffleState::validate);
        for (JobRun job : live.values()) {
            int running = job.stages.values().stream()
                    .mapToInt(stage -> stage.running.size() + stage.copies.size())
                    .sum();
            Checks.require(
                    running == job.running, "job " + job.id + " counts " + job.running + " attempts, has " + running);
            job.stages.values().forEach(StageRun::validate);
        }
    }
}
