package io.weft.master.app;

import io.weft.master.backend.Backend;
import io.weft.master.jobs.JobFailure;
import io.weft.master.jobs.JobFailures;
import io.weft.master.jobs.JobRun;
import io.weft.master.jobs.Stacks;
import io.weft.master.scheduler.SchedulerAction;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Does what the scheduler decided. Owned by the loop thread. */
final class ActionPerformer {
    private final Backend backend;
    private final RunningJobs jobs;
    private final ShuffleLists shuffles = new ShuffleLists();
    private final Set<String> runners = new LinkedHashSet<>();
    private final ToldHadoop hadoop = new ToldHadoop();
    private final CountedTasks counted = new CountedTasks();
    /** By name, in the order added: what every runner must have. */
    private final Map<String, RunnerCommand.AddFile> files = new LinkedHashMap<>();

    private Optional<RunnerEvent.TaskSucceeded> success = Optional.empty();
    private final GangReports gangs = new GangReports();
    /** Accepted results that the driver does not take, and of which the scheduler has not heard that. */
    private List<SchedulerEvent.ResultTaken> unwanted = new ArrayList<>();

    private Optional<JobFailure> tooLarge = Optional.empty();
    private int tooLargeJob;
    /** By attempt, what it has rejected, until it is accepted or has ended. */
    private final Map<TaskAttemptId, String> rejected = new HashMap<>();

    private final Map<TaskAttemptId, Map<String, String>> leftOut = new HashMap<>();

    private long wakeAtMillis = Long.MAX_VALUE;

    ActionPerformer(Backend backend, RunningJobs jobs) {
        this.backend = backend;
        this.jobs = jobs;
    }

    /** When the scheduler wants a tick; Long.MAX_VALUE: not at all. */
    long wakeAtMillis() {
        return wakeAtMillis;
    }

    void wokeUp() {
        wakeAtMillis = Long.MAX_VALUE;
    }

    void runnerRegistered(String runner) {
        runners.add(runner);
        for (RunnerCommand.AddFile file : files.values()) {
            backend.send(runner, file);
        }
    }

    void runnerLost(String runner) {
        runners.remove(runner);
        shuffles.runnerLost(runner);
        hadoop.runnerLost(runner);
        jobs.runnerLost(runner);
    }

    void addFile(RunnerCommand.AddFile file) {
        files.put(file.name(), file);
        for (String runner : runners) {
            backend.send(runner, file);
        }
    }

    /** Has persisted partitions deleted that nobody will ask for. */
    void forgetKept(List<MapOutput> gone) {
        for (MapOutput kept : gone) {
            if (runners.contains(kept.runner())) {
                backend.send(kept.runner(), new RunnerCommand.DropKept(kept.id()));
            }
        }
    }

    /** Has all persisted partitions of an RDD deleted. */
    void dropKept(int rdd) {
        for (String runner : runners) {
            backend.send(runner, new RunnerCommand.DropShuffle(MapOutputId.keptShuffle(rdd)));
        }
    }

    /** The success that the scheduler is about to judge. */
    void offer(RunnerEvent.TaskSucceeded report) {
        success = Optional.of(report);
    }

    /** After the judgement: a result that nobody takes is given back. Of those that were accepted the scheduler must hear that. */
    List<SchedulerEvent.ResultTaken> judged() {
        success.flatMap(RunningJobs::unclaimed).ifPresent(this::release);
        success = Optional.empty();
        List<SchedulerEvent.ResultTaken> heard = unwanted;
        unwanted = new ArrayList<>();
        return heard;
    }

    /** A job whose results became too large since the last call, with what its driver shall read. */
    Optional<Map.Entry<Integer, JobFailure>> takeTooLarge() {
        Optional<Map.Entry<Integer, JobFailure>> found = tooLarge.map(failure -> Map.entry(tooLargeJob, failure));
        tooLarge = Optional.empty();
        return found;
    }

    private void release(ResultRef ref) {
        backend.send(ref.runner(), new RunnerCommand.ReleaseBlock(ref.block()));
    }

    void perform(SchedulerAction action) {
        if (action instanceof SchedulerAction.LaunchTask launch) {
            launch(launch);
        } else if (action instanceof SchedulerAction.TaskAccepted accepted) {
            accepted(accepted);
        } else if (action instanceof SchedulerAction.CancelTask cancel) {
            backend.send(cancel.runner(), new RunnerCommand.Cancel(cancel.id(), cancel.reason()));
        } else if (action instanceof SchedulerAction.GrantCommit grant) {
            backend.send(grant.runner(), new RunnerCommand.GrantCommit(grant.id()));
        } else if (action instanceof SchedulerAction.DenyCommit deny) {
            backend.send(deny.runner(), new RunnerCommand.DenyCommit(deny.id()));
        } else if (action instanceof SchedulerAction.TaskParked parked) {
            gangs.park(parked.attempt(), success);
            success = Optional.empty();
        } else if (action instanceof SchedulerAction.TaskDropped dropped) {
            gangs.take(dropped.attempt()).flatMap(RunningJobs::unclaimed).ifPresent(this::release);
            rejected.remove(dropped.attempt());
        } else if (action instanceof SchedulerAction.PassBarrier pass) {
            GangReports.passed(pass).forEach(command -> backend.send(pass.runner(), command));
        } else if (action instanceof SchedulerAction.RefuseBarrier refuse) {
            backend.send(
                    refuse.runner(), new RunnerCommand.BarrierRefused(refuse.ids(), refuse.call(), refuse.reason()));
        } else if (action instanceof SchedulerAction.WantSlots want) {
            backend.wantSlots(want.slots(), want.byHost());
        } else if (action instanceof SchedulerAction.WakeAt wake) {
            wakeAtMillis = wake.millis();
        } else if (action instanceof SchedulerAction.ShuffleReady ready) {
            shuffles.ready(ready.shuffle(), ready.epoch(), ready.outputs());
        } else if (action instanceof SchedulerAction.DropShuffle drop) {
            shuffles.dropped(drop.shuffle());
            counted.shuffleDropped(drop.shuffle());
            for (String runner : runners) {
                backend.send(runner, new RunnerCommand.DropShuffle(drop.shuffle()));
            }
        } else {
            ofJob(action);
        }
    }

    private void ofJob(SchedulerAction action) {
        if (action instanceof SchedulerAction.StageStarted started) {
            jobs.job(started.job()).ifPresent(job -> job.stageStarted(started.stage(), started.tasks()));
        } else if (action instanceof SchedulerAction.CommitJob commit) {
            jobs.job(commit.job()).ifPresent(JobRun::wantCommit);
        } else if (action instanceof SchedulerAction.JobSucceeded succeeded) {
            boolean lastWasTooMuch = tooLarge.isPresent() && tooLargeJob == succeeded.job();
            Optional<JobFailure> over =
                    jobs.job(succeeded.job()).flatMap(job -> job.rejects().verdict(true));
            end(succeeded.job(), lastWasTooMuch ? tooLarge : over);
        } else if (action instanceof SchedulerAction.JobFailed failed) {
            Optional<JobRun> job = jobs.job(failed.job());
            job.ifPresent(run -> end(failed.job(), Optional.of(JobFailures.of(run, failed))));
        }
    }

    private void end(int id, Optional<JobFailure> failure) {
        Optional<JobRun> job = jobs.job(id);
        jobs.remove(id);
        counted.jobEnded(id);
        job.ifPresent(run -> run.end(failure));
    }

    private void launch(SchedulerAction.LaunchTask launch) {
        JobRun job = jobs.job(launch.job())
                .orElseThrow(
                        () -> new IllegalStateException(launch.id() + " launched for unknown job " + launch.job()));
        for (RunnerCommand command : shuffles.missing(launch.runner(), launch.epochs())) {
            backend.send(launch.runner(), command);
        }
        hadoop.missing(launch.runner(), job.hadoop(), jobs.hadoopVersions())
                .ifPresent(command -> backend.send(launch.runner(), command));
        jobs.launched(launch.id(), job, launch.runner());
        backend.send(
                launch.runner(),
                new RunnerCommand.Launch(
                        launch.slot(),
                        job.tasks().make(launch.id(), launch.epochs(), launch.gang()),
                        job.hadoop().version()));
    }

    private void accepted(SchedulerAction.TaskAccepted accepted) {
        Optional<RunnerEvent.TaskSucceeded> parked = gangs.take(accepted.attempt());
        Optional<RunnerEvent.TaskSucceeded> report =
                parked.isPresent() ? parked : success.filter(one -> one.id().equals(accepted.attempt()));
        Optional<JobRun> job = jobs.job(accepted.job());
        if (report.isEmpty() || job.isEmpty()) {
            return;
        }
        job.get().accepted(accepted.attempt(), report.get().stats());
        if (counted.isFirst(accepted.job(), report.get())) {
            update(job.get(), report.get().updates());
            job.get().leftOut(leftOut.getOrDefault(accepted.attempt(), Map.of()));
            String counts = rejected.remove(accepted.attempt());
            if (counts != null) {
                reject(job.get(), accepted.attempt(), counts);
            }
        }
        if (accepted.resultStage() && report.get().result().isPresent()) {
            take(job.get(), report.get(), report.get().result().get());
        }
    }

    private void reject(JobRun job, TaskAttemptId id, String counts) {
        try {
            job.count("rejectedRecords", job.rejects().add(id, counts));
            Optional<JobFailure> over = job.rejects().verdict(false);
            if (over.isPresent()) {
                tooLargeJob = job.spec().job();
                tooLarge = over;
            }
        } catch (IOException error) {
            tooLargeJob = job.spec().job();
            tooLarge = Optional.of(JobFailure.of("", 7, "internal", Stacks.message(error), error));
        }
    }

    /** What an attempt has left out, whose end follows. */
    void leftOut(RunnerEvent.FilesLeftOut event) {
        leftOut.put(event.id(), event.files());
    }

    /** What an attempt has rejected, whose end follows. */
    void rejected(RunnerEvent.RecordsRejected event) {
        rejected.put(event.id(), event.counts());
    }

    /** The attempt has ended: what it rejected or left out counts by now, or never. */
    void forgetRejected(TaskAttemptId id) {
        if (!gangs.has(id)) {
            rejected.remove(id);
            leftOut.remove(id);
        }
    }

    private void update(JobRun job, byte[] updates) {
        try {
            job.updates().offer(updates);
        } catch (IOException error) {
            String text = "Accumulator updates cannot be kept until the driver takes them: " + Stacks.message(error);
            tooLargeJob = job.spec().job();
            tooLarge = Optional.of(JobFailure.of("", 7, "external", text, error));
        }
    }

    private void take(JobRun job, RunnerEvent.TaskSucceeded report, ResultRef result) {
        tooLargeJob = job.spec().job();
        try {
            if (job.offer(report.id(), result)) {
                success = success.filter(other -> !other.id().equals(report.id()));
            } else {
                unwanted.add(new SchedulerEvent.ResultTaken(job.spec().job(), report.id()));
                if (success.isEmpty()) {
                    RunningJobs.unclaimed(report).ifPresent(this::release);
                }
            }
            tooLarge = tooLarge.isPresent() ? tooLarge : job.tooLarge();
        } catch (IOException error) {
            String text = "Results cannot be kept until the driver takes them: " + Stacks.message(error);
            tooLarge = Optional.of(JobFailure.of("", 7, "external", text, error));
        }
    }
}
