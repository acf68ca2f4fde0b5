package io.weft.master.scheduler;

import io.weft.runner.protocol.TaskAttemptId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Which task takes which slot. Rules for a slot, in order:
 *
 * <ol>
 *   <li>Jobs with fewest running attempts first; in a job, the earliest stage first.
 *   <li>Of a stage, a task that prefers the slot's host; else one that prefers none; else one whose hosts have no runner, once runners
 *       had time to register.
 *   <li>After {@code nodeWaitMillis} in which slot and stage waited for each other, a task that prefers another host of the rack; after
 *       {@code rackWaitMillis} more, any task.
 * </ol>
 *
 * <p>A task that becomes pending takes a free slot of a host that it prefers at once, or any if it prefers none.
 */
final class Placement {
    private static final long POLL_MILLIS = 50;

    private final SchedulerSettings settings;
    final Slots slots;

    /** All and only attempts that occupy a slot. */
    final Map<TaskAttemptId, Attempt> attempts = new HashMap<>();

    /** All and only live jobs with launchable stages. */
    private final TreeSet<JobRun> jobs = new TreeSet<>(JobRun.FAIR);

    /** When to look again at slots that wait for tasks of their host; {@code Long.MAX_VALUE} when none waits. */
    private long nextPollMillis = Long.MAX_VALUE;

    Placement(SchedulerSettings settings) {
        this.settings = settings;
        slots = new Slots(settings.exclusion());
    }

    /** Queues all tasks of a stage that are to do. */
    void begin(StageRun stage, Turn turn) {
        List<Integer> todo = stage.begin(settings.locality());
        turn.add(new SchedulerAction.StageStarted(stage.job.id, stage.stage.id(), todo.size()));
        todo.forEach(task -> queue(stage, task, "", turn));
        update(stage, 0);
    }

    /** A begun stage is active again: its tasks may take slots that are free. */
    void resume(StageRun stage, Turn turn) {
        update(stage, 0);
        for (Slot slot : List.copyOf(slots.free)) {
            fill(slot, turn);
        }
    }

    /** Queues a task, and launches it if its stage is active and a slot that it wants is free. */
    void submit(StageRun stage, int task, String avoidedHost, Turn turn) {
        queue(stage, task, avoidedHost, turn);
        update(stage, 0);
    }

    private void queue(StageRun stage, int task, String avoidedHost, Turn turn) {
        List<String> wanted = stage.pending.add(task, avoidedHost, slots::isAlive);
        if (stage.status == StageStatus.ACTIVE && !slots.free.isEmpty()) {
            Optional<Slot> slot = wanted.isEmpty()
                    ? Optional.of(slots.free.first())
                    : wanted.stream()
                            .flatMap(host -> slots.freeOn(host).stream())
                            .findFirst();
            if (slot.isPresent()) {
                stage.pending.take(task);
                launch(stage, task, slot.get(), turn);
            }
        }
    }

    /** The stage's status or tasks changed, and its job runs {@code more} attempts. */
    void update(StageRun stage, int more) {
        JobRun job = stage.job;
        jobs.remove(job);
        job.running += more;
        if (stage.isLaunchable()) {
            job.launchable.put(stage.stage.id(), stage);
        } else {
            job.launchable.remove(stage.stage.id());
        }
        if (!job.launchable.isEmpty() && !job.ended) {
            jobs.add(job);
        }
    }

    /** The attempt's end was reported: it occupies its slot no more, but nobody else gets it before {@link #offer}. */
    Optional<Attempt> end(TaskAttemptId id, Turn turn) {
        Attempt attempt = attempts.remove(id);
        if (attempt != null) {
            attempt.slot.attempt = null;
            attempt.slot.vacantSinceMillis = turn.now();
            detach(attempt);
        }
        return Optional.ofNullable(attempt);
    }

    /** Cancels an attempt; its slot is free when its end is reported. */
    void cancel(Attempt attempt, String reason, Turn turn) {
        detach(attempt);
        attempt.cancelled = true;
        turn.add(new SchedulerAction.CancelTask(attempt.id, attempt.runner(), reason));
    }

    private void detach(Attempt attempt) {
        if (!attempt.cancelled) {
            attempt.stage.left(attempt);
            update(attempt.stage, -1);
        }
    }

    void remove(JobRun job) {
        jobs.remove(job);
    }

    /** Gives a vacant slot to a task, or lets it wait for one. */
    void offer(Slot slot, Turn turn) {
        slots.release(slot);
        if (slots.free.contains(slot)) {
            fill(slot, turn);
        }
    }

    /** A host takes no tasks any more. */
    void hostGone(String host) {
        for (JobRun job : jobs) {
            job.launchable.values().forEach(stage -> stage.pending.hostLost(host, slots::isAlive));
        }
    }

    /** A task failed, or its output was unreadable, for reasons that may be the host's. */
    void blame(String host, Turn turn) {
        if (slots.failedOn(host, turn.now())) {
            hostGone(host);
        }
    }

    /** What time alone changes: exclusions end, and slots that have waited long enough take tasks from afar. */
    void timePassed(Turn turn) {
        slots.readmit(turn.now()).forEach(slot -> offer(slot, turn));
        if (turn.now() >= nextPollMillis) {
            nextPollMillis = Long.MAX_VALUE;
            for (Slot slot : List.copyOf(slots.free)) {
                if (jobs.isEmpty()) {
                    break;
                }
                fill(slot, turn);
            }
        }
        boolean slotsWait = !slots.free.isEmpty() && !jobs.isEmpty();
        nextPollMillis = slotsWait ? Math.min(nextPollMillis, turn.now() + POLL_MILLIS) : Long.MAX_VALUE;
        long wakeMillis = nextPollMillis;
        if (!jobs.isEmpty()) {
            wakeMillis = Math.min(wakeMillis, slots.nextReadmissionMillis().orElse(Long.MAX_VALUE));
        }
        turn.wakeAt(wakeMillis);
    }

    private void fill(Slot slot, Turn turn) {
        for (JobRun job : jobs) {
            for (StageRun stage : job.launchable.values()) {
                int task = takeFor(stage, slot, turn.now());
                if (task >= 0) {
                    launch(stage, task, slot, turn);
                    return;
                }
            }
        }
    }

    private int takeFor(StageRun stage, Slot slot, long now) {
        PendingTasks pending = stage.pending;
        long waited = now - Math.max(slot.vacantSinceMillis, stage.activeSinceMillis);
        long longWait = settings.nodeWaitMillis() + settings.rackWaitMillis();
        int task = pending.takeFor(slot.host().name);
        if (task < 0) {
            task = pending.takeCarefree();
        }
        if (task < 0 && now - Math.max(stage.activeSinceMillis, slots.lastRegistrationMillis()) >= longWait) {
            task = pending.takeOrphan(slots::isAlive);
        }
        if (task < 0 && waited >= settings.nodeWaitMillis()) {
            for (HostState neighbour : slots.rackOf(slot.host().name)) {
                task = pending.takeFor(neighbour.name);
                if (task >= 0) {
                    break;
                }
            }
        }
        return task < 0 && waited >= longWait ? pending.takeAny() : task;
    }

    /** Launches a task that waits no more, or a second attempt of one that runs. */
    void launch(StageRun stage, int task, Slot slot, Turn turn) {
        Attempt attempt = new Attempt(stage.nextAttempt(task), stage, task, slot, turn.now());
        slots.occupy(slot, attempt);
        attempts.put(attempt.id, attempt);
        stage.launched(attempt);
        update(stage, 1);
        stage.inputs.forEach(input -> input.announce(turn));
        turn.add(new SchedulerAction.LaunchTask(
                attempt.id, stage.job.id, attempt.runner(), slot.number, locality(stage, task, slot), stage.epochs()));
    }

    private Locality locality(StageRun stage, int task, Slot slot) {
        List<String> preferred = stage.stage.preferredHosts().get(task);
        if (preferred.isEmpty()) {
            return Locality.NONE;
        } else if (preferred.contains(slot.host().name)) {
            return Locality.NODE;
        }
        boolean sameRack = slots.rackOf(slot.host().name).stream().anyMatch(host -> preferred.contains(host.name));
        return sameRack ? Locality.RACK : Locality.ANY;
    }

    void validate() {
        slots.validate();
        jobs.forEach(
                job -> Checks.require(!job.launchable.isEmpty() && !job.ended, "job " + job.id + " needs no slots"));
        attempts.values().forEach(attempt -> {
            Checks.require(attempt.slot.attempt == attempt, attempt.id + " is not in its slot");
            Checks.require(
                    attempt.cancelled != attempt.stage.isRunning(attempt), attempt.id + " is wrongly cancelled or not");
        });
    }
}
