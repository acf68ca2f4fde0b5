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
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Has runners come and go with the work: asks the {@link Allocation} of each profile that has one, and does what it says. Owned by the
 * loop thread.
 */
final class Elasticity implements Allocation.Ties {
    /** Events that come in quick succession are looked at together. */
    private static final long TOGETHER_MILLIS = 50;

    /** By profile, of those whose number of runners follows the work. */
    private final Map<Integer, Allocation> allocations = new TreeMap<>();

    /** By profile, what the backend was asked for last. */
    private final Map<Integer, Integer> wanted = new TreeMap<>();

    private final Supplier<Scheduler> scheduler;
    private final Backend backend;
    private final CachedBlocks cached;
    private final RunningJobs jobs;

    private long lookedMillis;
    private boolean heard = true;

    Elasticity(Supplier<Scheduler> scheduler, Backend backend, CachedBlocks cached, RunningJobs jobs) {
        this.scheduler = scheduler;
        this.backend = backend;
        this.cached = cached;
        this.jobs = jobs;
    }

    /** From now on runners of this profile come and go, none of which is there yet. */
    void follow(int profile, Allocation allocation) {
        allocations.put(profile, allocation);
        heard = true;
    }

    /** From now on as many runners of this profile are there as were asked for. */
    void leave(int profile) {
        allocations.remove(profile);
        wanted.remove(profile);
    }

    boolean isFollowing() {
        return !allocations.isEmpty();
    }

    /** What the scheduler is told. */
    void hear(SchedulerEvent event, long nowMillis) {
        heard = true;
        if (event instanceof SchedulerEvent.RunnerRegistered registered) {
            Allocation allocation = allocations.get(registered.profile());
            if (allocation != null) {
                allocation.registered(registered.runner(), nowMillis);
            }
        } else if (event instanceof SchedulerEvent.RunnerLost lost) {
            allocations.values().forEach(one -> one.lost(lost.runner()));
        }
    }

    /** What the scheduler says. */
    void hear(SchedulerAction action, long nowMillis) {
        if (action instanceof SchedulerAction.LaunchTask launch) {
            allocations.values().forEach(one -> one.launched(launch.runner(), nowMillis));
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
            allocations.values().forEach(one -> one.ended(runner, nowMillis));
        }
    }

    /** When {@link #look} is to be called at the latest. */
    long lookMillis() {
        if (allocations.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long first = allocations.values().stream()
                .mapToLong(Allocation::lookMillis)
                .min()
                .getAsLong();
        return heard ? lookedMillis + TOGETHER_MILLIS : first;
    }

    /** Asks for runners and lets some go, of which the scheduler must be told. */
    List<SchedulerEvent> look(long nowMillis) {
        if (nowMillis < lookMillis()) {
            return List.of();
        }
        heard = false;
        lookedMillis = nowMillis;
        List<SchedulerEvent> lost = new ArrayList<>();
        allocations.forEach((profile, allocation) -> look(profile, allocation, nowMillis, lost));
        return lost;
    }

    private void look(int profile, Allocation allocation, long nowMillis, List<SchedulerEvent> lost) {
        Allocation.Turn turn = allocation.look(scheduler.get().demand(profile, allocation.slots()), nowMillis, this);
        for (String runner : turn.release()) {
            boolean readable = backend.keepsOutputs(runner);
            lost.add(new SchedulerEvent.RunnerLost(runner, readable, "released, as it had nothing to do"));
            backend.release(runner);
        }
        if (turn.wanted() != wanted.getOrDefault(profile, -1) || !turn.release().isEmpty()) {
            wanted.put(profile, turn.wanted());
            backend.wantRunners(profile, turn.wanted());
        }
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
