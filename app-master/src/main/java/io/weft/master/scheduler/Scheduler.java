package io.weft.master.scheduler;

import io.weft.master.scheduler.SchedulerEvent.AllCancelled;
import io.weft.master.scheduler.SchedulerEvent.BarrierReached;
import io.weft.master.scheduler.SchedulerEvent.CommitWanted;
import io.weft.master.scheduler.SchedulerEvent.FetchFailed;
import io.weft.master.scheduler.SchedulerEvent.GroupCancelled;
import io.weft.master.scheduler.SchedulerEvent.JobCancelled;
import io.weft.master.scheduler.SchedulerEvent.JobCommitted;
import io.weft.master.scheduler.SchedulerEvent.JobExtended;
import io.weft.master.scheduler.SchedulerEvent.JobSubmitted;
import io.weft.master.scheduler.SchedulerEvent.ResultLost;
import io.weft.master.scheduler.SchedulerEvent.ResultTaken;
import io.weft.master.scheduler.SchedulerEvent.RunnerLost;
import io.weft.master.scheduler.SchedulerEvent.RunnerRegistered;
import io.weft.master.scheduler.SchedulerEvent.ShuffleDropped;
import io.weft.master.scheduler.SchedulerEvent.TaskCancelled;
import io.weft.master.scheduler.SchedulerEvent.TaskFailed;
import io.weft.master.scheduler.SchedulerEvent.TaskSucceeded;
import io.weft.master.stages.StagePlanner;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Pure and single-threaded: the only owner of scheduling state. One event at a time goes in, what to do comes out, in order. */
public final class Scheduler {
    private final Placement placement;
    private final Jobs jobs;
    private final Speculation speculation;
    private final Gangs gangs;
    private final Reports reports;

    /** Ids of all jobs that were ever submitted; a second submission of one is dropped. */
    private final BitSet submitted = new BitSet();

    /** What was wanted last. */
    private SchedulerAction.WantSlots wanted = new SchedulerAction.WantSlots(0, Map.of());

    /** Time never goes back, whatever the caller's clock does. */
    private long lastMillis;

    public Scheduler() {
        this(SchedulerSettings.DEFAULT);
    }

    public Scheduler(SchedulerSettings settings) {
        placement = new Placement(settings);
        jobs = new Jobs(settings, placement);
        speculation = new Speculation(settings.speculation(), placement);
        gangs = new Gangs(settings, jobs, placement);
        reports = new Reports(settings, jobs, placement, speculation, gangs);
    }

    /** Decides what follows from one event at one time. Never blocks, never reads a clock, never throws for a late report. */
    public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
        lastMillis = Math.max(lastMillis, nowMillis);
        Turn turn = new Turn(lastMillis);
        if (!handleReport(event, turn)) {
            handleOther(event, turn);
        }
        placement.timePassed(turn);
        speculation.look(jobs.live.values(), turn);
        gangs.look(turn);
        turn.addWake();
        if (turn.actions().stream().anyMatch(Scheduler::changesDemand) || event instanceof RunnerLost) {
            want(turn);
        }
        return turn.actions();
    }

    private boolean handleReport(SchedulerEvent event, Turn turn) {
        if (event instanceof TaskSucceeded succeeded) {
            reports.succeeded(succeeded, turn);
        } else if (event instanceof TaskFailed failed) {
            reports.failed(failed, turn);
        } else if (event instanceof TaskCancelled cancelled) {
            reports.cancelled(cancelled.id(), turn);
        } else if (event instanceof FetchFailed fetchFailed) {
            reports.fetchFailed(fetchFailed, turn);
        } else if (event instanceof CommitWanted wantsCommit) {
            reports.commitWanted(wantsCommit.id(), turn);
        } else if (event instanceof BarrierReached reached) {
            gangs.reached(reached, turn);
        } else if (event instanceof ResultTaken taken) {
            reports.resultTaken(taken, turn);
        } else if (event instanceof ResultLost lost) {
            reports.resultLost(lost, turn);
        } else if (event instanceof RunnerLost lost) {
            reports.runnerLost(lost, turn);
        } else {
            return false;
        }
        return true;
    }

    /** Ticks need nothing of their own: {@link Placement#timePassed} follows every event. */
    private void handleOther(SchedulerEvent event, Turn turn) {
        if (event instanceof JobSubmitted job && !submitted.get(job.job())) {
            submitted.set(job.job());
            jobs.submit(job, turn);
        } else if (event instanceof JobExtended extended) {
            jobs.extend(extended, turn);
        } else if (event instanceof JobCancelled cancelled) {
            cancel(job -> job.id == cancelled.job(), cancelled.reason(), turn);
        } else if (event instanceof GroupCancelled cancelled) {
            cancel(job -> job.group.equals(cancelled.group()), cancelled.reason(), turn);
        } else if (event instanceof AllCancelled cancelled) {
            cancel(job -> true, cancelled.reason(), turn);
        } else if (event instanceof JobCommitted committed) {
            jobs.committed(committed, turn);
        } else if (event instanceof ShuffleDropped dropped) {
            jobs.drop(dropped.shuffle(), turn);
            jobs.drop(StagePlanner.boundsShuffle(dropped.shuffle()), turn);
        } else if (event instanceof RunnerRegistered registered) {
            placement.slots.register(registered, turn.now()).ifPresent(runner -> placement.offer(runner.slots(), turn));
        }
    }

    private void cancel(Predicate<JobRun> which, String reason, Turn turn) {
        List<JobRun> chosen = jobs.live.values().stream()
                .filter(job -> which.test(job) && !job.committing)
                .toList();
        // All are marked first, so that none hands its shuffles to one that ends next.
        chosen.forEach(job -> job.ended = true);
        chosen.forEach(job -> jobs.cancel(job, reason, turn));
    }

    private static boolean changesDemand(SchedulerAction action) {
        return action instanceof SchedulerAction.StageStarted
                || action instanceof SchedulerAction.StageFinished
                || action instanceof SchedulerAction.JobSucceeded
                || action instanceof SchedulerAction.JobFailed;
    }

    /**
     * How many slots tasks take that run, or could run now if there were slots.
     *
     * @param profile of whose runners
     * @param slots of each runner: those that a runner has left, since no further task fits into them, count as taken
     */
    public int demand(int profile, int slots) {
        Map<Integer, Integer> tasks = new TreeMap<>();
        for (JobRun job : jobs.live.values()) {
            for (StageRun stage : job.isPlain ? List.<StageRun>of() : job.stages.values()) {
                if (stage.profile() == profile) {
                    tasks.merge(stage.width(), stage.running.size() + stage.copies.size(), Integer::sum);
                }
            }
            if (job.isPlain && profile == 0) {
                tasks.merge(1, job.running, Integer::sum);
            }
            for (StageRun stage : job.launchable.values()) {
                if (stage.profile() == profile) {
                    tasks.merge(stage.width(), stage.pending.count(), Integer::sum);
                }
            }
        }
        int taken = 0;
        for (Map.Entry<Integer, Integer> one : tasks.entrySet()) {
            int together = Math.max(1, slots / one.getKey());
            int runners = (one.getValue() + together - 1) / together;
            taken += one.getKey() == 1 ? one.getValue() : runners * Math.max(slots, one.getKey());
        }
        return taken;
    }

    /** Whether this runner wrote map outputs that jobs may read. */
    public boolean needsOutputsOf(String runner) {
        return jobs.shuffles.values().stream().anyMatch(shuffle -> shuffle.hasOutputsOf(runner));
    }

    private void want(Turn turn) {
        Map<String, Integer> byHost = new TreeMap<>();
        for (JobRun job : jobs.live.values()) {
            for (StageRun stage : job.launchable.values()) {
                stage.pending.countByHost(byHost);
            }
        }
        SchedulerAction.WantSlots now = new SchedulerAction.WantSlots(demand(0, 1), byHost);
        if (!now.equals(wanted)) {
            wanted = now;
            turn.add(now);
        }
    }

    /** Asserts what the fields of the scheduler's state say of themselves; for tests, costs as much as there are tasks. */
    public void validate() {
        placement.validate();
        jobs.validate();
    }
}
