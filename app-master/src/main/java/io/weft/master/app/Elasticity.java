package io.weft.master.app;

import io.weft.master.backend.Backend;
import io.weft.master.jobs.CachedBlocks;
import io.weft.master.jobs.JobRun;
import io.weft.master.scheduler.Scheduler;
import io.weft.master.scheduler.SchedulerAction;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.RunnerEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Has runners come and go with the work: asks {@link Allocation}, and does what it says. Owned by the loop thread. */
final class Elasticity implements Allocation.Ties {
    /** Events that come in quick succession are looked at together. */
    private static final long TOGETHER_MILLIS = 50;

    private final Allocation allocation;
    private final Supplier<Scheduler> scheduler;
    private final Backend backend;
    private final CachedBlocks cached;
    private final RunningJobs jobs;

    private long lookedMillis;
    private boolean heard = true;
    private int wanted = -1;

    Elasticity(
            Allocation allocation,
            Supplier<Scheduler> scheduler,
            Backend backend,
            CachedBlocks cached,
            RunningJobs jobs) {
        this.allocation = allocation;
        this.scheduler = scheduler;
        this.backend = backend;
        this.cached = cached;
        this.jobs = jobs;
    }

    /** What the scheduler is told. */
    void hear(SchedulerEvent event, long nowMillis) {
        heard = true;
        if (event instanceof SchedulerEvent.RunnerRegistered registered) {
            allocation.registered(registered.runner(), nowMillis);
        } else if (event instanceof SchedulerEvent.RunnerLost lost) {
            allocation.lost(lost.runner());
        }
    }

    /** What the scheduler says. */
    void hear(SchedulerAction action, long nowMillis) {
        if (action instanceof SchedulerAction.LaunchTask launch) {
            allocation.launched(launch.runner(), nowMillis);
        }
    }

    /** What a runner says. */
    void hear(String runner, RunnerEvent event, long nowMillis) {
        boolean ended = event instanceof RunnerEvent.TaskSucceeded
                || event instanceof RunnerEvent.TaskFailed
                || event instanceof RunnerEvent.TaskCancelled
                || event instanceof RunnerEvent.FetchFailed;
        if (ended) {
            heard = true;
            allocation.ended(runner, nowMillis);
        }
    }

    /** When {@link #look} is to be called at the latest. */
    long lookMillis() {
        return heard ? lookedMillis + TOGETHER_MILLIS : allocation.lookMillis();
    }

    /** Asks for runners and lets some go, of which the scheduler must be told. */
    List<SchedulerEvent> look(long nowMillis) {
        if (nowMillis < lookMillis()) {
            return List.of();
        }
        heard = false;
        lookedMillis = nowMillis;
        Allocation.Turn turn = allocation.look(scheduler.get().demand(allocation.slots()), nowMillis, this);
        List<SchedulerEvent> lost = new ArrayList<>();
        for (String runner : turn.release()) {
            boolean readable = backend.keepsOutputs(runner);
            lost.add(new SchedulerEvent.RunnerLost(runner, readable, "released, as it had nothing to do"));
            backend.release(runner);
        }
        if (turn.wanted() != wanted || !lost.isEmpty()) {
            wanted = turn.wanted();
            backend.wantRunners(wanted);
        }
        return lost;
    }

    @Override
    public boolean keepsPersisted(String runner) {
        return cached.bytesOn(runner) > 0;
    }

    @Override
    public boolean isNeeded(String runner) {
        if (!backend.keepsOutputs(runner) && scheduler.get().needsOutputsOf(runner)) {
            return true;
        }
        for (JobRun job : jobs.all()) {
            if (job.feed().holds(runner)) {
                return true;
            }
        }
        return false;
    }
}
