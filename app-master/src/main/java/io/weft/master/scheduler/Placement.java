package io.weft.master.scheduler;

import io.weft.runner.protocol.TaskAttemptId;
import java.util.Collections;
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
 *       had time to register, if any may come.
 *   <li>After {@code nodeWaitMillis} in which slot and stage waited for each other, a task that prefers another host of the rack; after
 *       {@code rackWaitMillis} more, any task.
 * </ol>
 *
 * <p>A task that becomes pending takes a free slot of a host that it prefers at once, or any if it prefers none.
 *
 * <p>A task may take several slots, of one runner: it is launched when a slot's turn comes, and so many are free there. None are set
 * aside for it, so that tasks of one slot may go before it as long as there are some.
 *
 * <p>A barrier stage whose turn it is takes as many free slots as it has tasks. When fewer are free, but there are so many in all, free
 * slots are set aside for it, and no other task is launched until it has them: it waits no longer than what runs takes, and others wait
 * no longer than that. One stage gathers at a time, so that two never hold half of what each needs. When there are fewer in all, the
 * slots go to others meanwhile.
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

    /** The barrier stage for which free slots are set aside; null when there is none. */
    private StageRun gathering;

    Placement(SchedulerSettings settings) {
        this.settings = settings;
        slots = new Slots(settings.exclusion());
    }

    /** Queues all tasks of a stage that are to do. */
    void begin(StageRun stage, Turn turn) {
        List<Integer> todo = stage.begin(settings.locality());
        turn.add(new SchedulerAction.StageStarted(stage.job.id, stage.stage.id(), todo.size()));
        if (stage.gang != null) {
            submitAll(stage, turn);
            return;
        }
        todo.forEach(task -> queue(stage, task, "", turn));
        update(stage, 0);
    }

    /** Lets all tasks of a barrier stage wait, and launches them if it is active and there are slots for all. */
    void submitAll(StageRun stage, Turn turn) {
        for (int task = 0; task < stage.tasks(); task++) {
            if (!stage.pending.contains(task)) {
                stage.pending.add(task, "", slots::isAlive);
            }
        }
        update(stage, 0);
        if (stage.isLaunchable() && gathering == null) {
            gather(stage, turn);
        }
    }

    boolean isGathering() {
        return gathering != null;
    }

    /** Launches a barrier stage, or sets free slots aside for it; false when there are too few in all. */
    private boolean gather(StageRun stage, Turn turn) {
        if (slots.room(stage.width()) < stage.tasks()) {
            gathering = slots.usable(stage.width()) < stage.tasks() ? null : stage;
            return gathering != null;
        }
        gathering = null;
        List<List<String>> preferred = settings.locality() ? stage.stage.preferredHosts() : List.of();
        List<List<Slot>> chosen = slots.choose(preferred.isEmpty() ? nowhere(stage.tasks()) : preferred, stage.width());
        List<String> addresses =
                chosen.stream().map(all -> all.get(0).runner.address()).toList();
        for (int task = 0; task < chosen.size(); task++) {
            stage.pending.take(task);
            launch(stage, task, chosen.get(task), addresses, turn);
        }
        stage.gang.begin(stage.running.values());
        return true;
    }

    private static List<List<String>> nowhere(int tasks) {
        return Collections.nCopies(tasks, List.of());
    }

    /** Gives back the slots that are set aside for a stage that does not want them any more, or cannot have enough. */
    private void stopGathering(Turn turn) {
        boolean wanted = gathering != null
                && gathering.isLaunchable()
                && !gathering.job.ended
                && slots.usable(gathering.width()) >= gathering.tasks();
        if (gathering != null && !wanted) {
            gathering = null;
            for (Slot slot : List.copyOf(slots.free)) {
                fill(slot, turn);
            }
        }
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
        if (stage.status == StageStatus.ACTIVE && !slots.free.isEmpty() && gathering == null) {
            List<Slot> found = wanted.isEmpty() || isHopeless(wanted)
                    ? slots.free(stage.width())
                    : wanted.stream()
                            .map(host -> slots.freeOn(host, stage.width()))
                            .filter(some -> !some.isEmpty())
                            .findFirst()
                            .orElse(List.of());
            if (!found.isEmpty()) {
                stage.pending.take(task);
                launch(stage, task, found, List.of(), turn);
            }
        }
    }

    /** None of these hosts has a runner, or will. */
    private boolean isHopeless(List<String> hosts) {
        return !settings.hostsCome() && hosts.stream().noneMatch(slots::isAlive);
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

    /** The attempt's end was reported: it occupies its slots no more, but nobody else gets them before {@link #offer}. */
    Optional<Attempt> end(TaskAttemptId id, Turn turn) {
        Attempt attempt = attempts.remove(id);
        if (attempt != null) {
            for (Slot slot : attempt.slots) {
                slot.attempt = null;
                slot.vacantSinceMillis = turn.now();
            }
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

    /** Gives vacant slots to tasks, or lets them wait for some. */
    void offer(List<Slot> vacant, Turn turn) {
        vacant.forEach(slots::release);
        for (Slot slot : vacant) {
            if (slots.free.contains(slot)) {
                fill(slot, turn);
            }
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
        offer(slots.readmit(turn.now()), turn);
        stopGathering(turn);
        if (turn.now() >= nextPollMillis) {
            nextPollMillis = Long.MAX_VALUE;
            for (Slot slot : List.copyOf(slots.free)) {
                if (jobs.isEmpty()) {
                    break;
                }
                fill(slot, turn);
            }
        }
        boolean slotsWait =
                !slots.free.isEmpty() && gathering == null && jobs.stream().anyMatch(Placement::hasSingles);
        nextPollMillis = slotsWait ? Math.min(nextPollMillis, turn.now() + POLL_MILLIS) : Long.MAX_VALUE;
        long wakeMillis = nextPollMillis;
        if (!jobs.isEmpty()) {
            wakeMillis = Math.min(wakeMillis, slots.nextReadmissionMillis().orElse(Long.MAX_VALUE));
        }
        turn.wakeAt(wakeMillis);
    }

    /** Some of its tasks need no others beside them. */
    private static boolean hasSingles(JobRun job) {
        return !job.hasGangs || job.launchable.values().stream().anyMatch(stage -> stage.gang == null);
    }

    private void fill(Slot slot, Turn turn) {
        if (gathering != null) {
            if (slots.room(gathering.width()) >= gathering.tasks()
                    && gathering.isLaunchable()
                    && !gathering.job.ended) {
                gather(gathering, turn);
                List.copyOf(slots.free).forEach(left -> fill(left, turn));
            }
            return;
        }
        if (!slots.free.contains(slot)) {
            return;
        }
        for (JobRun job : jobs) {
            for (StageRun stage : job.launchable.values()) {
                if (stage.gang != null) {
                    if (gather(stage, turn)) {
                        return;
                    }
                    continue;
                }
                List<Slot> enough = slots.together(slot, stage.width());
                int task = enough.isEmpty() ? -1 : takeFor(stage, slot, turn.now());
                if (task >= 0) {
                    launch(stage, task, enough, List.of(), turn);
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
        long quiet = now - Math.max(stage.activeSinceMillis, slots.lastRegistrationMillis());
        if (task < 0 && (quiet >= longWait || !settings.hostsCome())) {
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

    /** Launches a second attempt of a task that runs. */
    void launch(StageRun stage, int task, List<Slot> taken, Turn turn) {
        launch(stage, task, taken, List.of(), turn);
    }

    /** Launches a task that waits no more. {@code gang}: as LaunchTask has it. */
    private void launch(StageRun stage, int task, List<Slot> taken, List<String> gang, Turn turn) {
        Attempt attempt = new Attempt(stage.nextAttempt(task), stage, task, taken, turn.now());
        Slot slot = attempt.slot;
        slots.occupy(attempt);
        attempts.put(attempt.id, attempt);
        stage.launched(attempt);
        update(stage, 1);
        stage.inputs.forEach(input -> input.announce(turn));
        turn.add(new SchedulerAction.LaunchTask(
                attempt.id,
                stage.job.id,
                attempt.runner(),
                slot.number,
                locality(stage, task, slot),
                stage.epochs(),
                gang));
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
            Checks.require(attempt.slots.size() == attempt.stage.width(), attempt.id + " has not its share");
            attempt.slots.forEach(slot -> Checks.require(slot.attempt == attempt, attempt.id + " is not in its slot"));
            Checks.require(
                    attempt.cancelled != attempt.stage.isRunning(attempt), attempt.id + " is wrongly cancelled or not");
        });
    }
}
