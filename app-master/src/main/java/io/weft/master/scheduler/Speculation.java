package io.weft.master.scheduler;

import java.util.Collection;
import java.util.List;

/**
 * Which running tasks get a second attempt beside the first: those of a stage most of whose tasks are done that run longer than a
 * multiple of the median, when a slot of another host is free that no waiting task takes. The first attempt that succeeds, or is
 * granted its commit, wins; the other one is cancelled. Tasks of barrier stages get none. The rule is Spark's (its settings spark.speculation.*), but for the interval:
 * what may become slow is looked at when it does, by {@link SchedulerAction.WakeAt}.
 */
final class Speculation {
    private final SchedulerSettings.Speculation settings;
    private final Placement placement;

    Speculation(SchedulerSettings.Speculation settings, Placement placement) {
        this.settings = settings;
        this.placement = placement;
    }

    /** An attempt's result was accepted. */
    void succeeded(Attempt attempt, Turn turn) {
        if (settings.enabled()) {
            attempt.stage.durations.add(turn.now() - attempt.launchedMillis);
        }
    }

    /** Launches second attempts, and asks to be woken when the next task becomes slow. Costs as much as attempts run. */
    void look(Collection<JobRun> jobs, Turn turn) {
        if (!settings.enabled() || !placement.slots.areFree()) {
            return;
        }
        for (JobRun job : jobs) {
            for (StageRun stage : job.stages.values()) {
                if (mostAreDone(stage)) {
                    look(stage, turn);
                }
            }
        }
    }

    private boolean mostAreDone(StageRun stage) {
        return stage.gang == null
                && !placement.isGathering(stage.profile())
                && stage.status == StageStatus.ACTIVE
                && stage.pending.count() == 0
                && !stage.running.isEmpty()
                && stage.durations.count() >= Math.max(1, (long) (settings.quantile() * stage.tasks()));
    }

    private void look(StageRun stage, Turn turn) {
        double slowMillis = Math.max(settings.multiplier() * stage.durations.medianMillis(), settings.leastMillis());
        for (Attempt attempt : List.copyOf(stage.running.values())) {
            if (stage.copies.containsKey(attempt.task) || stage.grants.containsKey(attempt.task)) {
                continue;
            }
            long slowAt = attempt.launchedMillis + (long) slowMillis + 1;
            List<Slot> elsewhere = placement.slots.freeBeside(attempt.host(), stage);
            if (elsewhere.isEmpty()) {
                continue;
            }
            if (slowAt <= turn.now()) {
                placement.launch(stage, attempt.task, elsewhere, turn);
            } else {
                turn.wakeAt(slowAt);
            }
        }
    }
}
