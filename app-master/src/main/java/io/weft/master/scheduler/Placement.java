package io.weft.master.scheduler;

import io.weft.runner.protocol.TaskAttemptId;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which task takes which slot. A slot is for tasks of stages of its runner's profile, and for no others. Rules for a slot, in order:
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
 * no longer than that. One stage of a profile gathers at a time, so that two never hold half of what each needs. When there are fewer in
 * all, the slots go to others meanwhile.
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

    /** By profile, the barrier stage for which its free slots are set aside. */
    private final Map<Integer, StageRun> gathering = new TreeMap<>();

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
                stage.pending.add(task, "", slots.alive(stage));
            }
        }
        update(stage, 0);
        if (stage.isLaunchable() && !isGathering(stage.profile())) {
            gather(stage, turn);
        }
    }

    /** Free slots of this profile are set aside. */
    boolean isGathering(int profile) {
        return gathering.containsKey(profile);
    }

    /** Launches a barrier stage, or sets free slots aside for it; false when there are too few in all. */
    private boolean gather(StageRun stage, Turn turn) {
        gathering.remove(stage.profile());
        if (slots.room(stage) < stage.tasks()) {
            boolean canBe = slots.usable(stage) >= stage.tasks();
            if (canBe) {
                gathering.put(stage.profile(), stage);
            }
            return canBe;
        }
        List<List<String>> preferred = settings.locality() ? stage.stage.preferredHosts() : List.of();
        List<List<Slot>> chosen = slots.choose(stage, preferred.isEmpty() ? nowhere(stage.tasks()) : preferred);
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
        boolean some = gathering
                .values()
                .removeIf(stage -> !stage.isLaunchable() || stage.job.ended || slots.usable(stage) < stage.tasks());
        if (some) {
            slots.allFree().forEach(slot -> fill(slot, turn));
        }
    }

    /** A begun stage is active again: its tasks may take slots that are free. */
    void resume(StageRun stage, Turn turn) {
        update(stage, 0);
        slots.allFree().forEach(slot -> fill(slot, turn));
    }

    /** Queues a task, and launches it if its stage is active and a slot that it wants is free. */
    void submit(StageRun stage, int task, String avoidedHost, Turn turn) {
        queue(stage, task, avoidedHost, turn);
        update(stage, 0);
    }

    private void queue(StageRun stage, int task, String avoidedHost, Turn turn) {
        List<String> wanted = stage.pending.add(task, avoidedHost, slots.alive(stage));
        if (stage.status == StageStatus.ACTIVE && slots.areFree(stage.profile()) && !isGathering(stage.profile())) {
            List<Slot> found = wanted.isEmpty() || isHopeless(wanted, stage)
                    ? slots.free(stage)
                    : wanted.stream()
                            .map(host -> slots.freeOn(host, stage))
                            .filter(some -> !some.isEmpty())
                            .findFirst()
                            .orElse(List.of());
            if (!found.isEmpty()) {
                stage.pending.take(task);
                launch(stage, task, found, List.of(), turn);
            }
        }
    }

    /** None of these hosts has a runner for the stage, or will. */
    private boolean isHopeless(List<String> hosts, StageRun stage) {
        return !settings.hostsCome() && hosts.stream().noneMatch(slots.alive(stage));
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
            if (slots.isFree(slot)) {
                fill(slot, turn);
            }
        }
    }

    /** A host takes no tasks any more. */
    void hostGone(String host) {
        for (JobRun job : jobs) {
            job.launchable.values().forEach(stage -> stage.pending.hostLost(host, slots.alive(stage)));
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
            for (Slot slot : slots.allFree()) {
                if (jobs.isEmpty()) {
                    break;
                }
                fill(slot, turn);
            }
        }
        boolean slotsWait = jobs.stream().anyMatch(this::hasSinglesToFill);
        nextPollMillis = slotsWait ? Math.min(nextPollMillis, turn.now() + POLL_MILLIS) : Long.MAX_VALUE;
        long wakeMillis = nextPollMillis;
        if (!jobs.isEmpty()) {
            wakeMillis = Math.min(wakeMillis, slots.nextReadmissionMillis().orElse(Long.MAX_VALUE));
        }
        turn.wakeAt(wakeMillis);
    }

    /** Some of its tasks need no others beside them, and there are free slots for them that are not set aside. */
    private boolean hasSinglesToFill(JobRun job) {
        return job.launchable.values().stream()
                .anyMatch(
                        stage -> stage.gang == null && slots.areFree(stage.profile()) && !isGathering(stage.profile()));
    }

    private void fill(Slot slot, Turn turn) {
        StageRun first = gathering.get(slot.profile());
        if (first != null) {
            if (slots.room(first) >= first.tasks() && first.isLaunchable() && !first.job.ended) {
                gather(first, turn);
                slots.allFree().forEach(left -> fill(left, turn));
            }
            return;
        }
        if (!slots.isFree(slot)) {
            return;
        }
        for (JobRun job : jobs) {
            for (StageRun stage : job.launchable.values()) {
                if (stage.profile() != slot.profile()) {
                    continue;
                }
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
            task = pending.takeOrphan(slots.alive(stage));
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
            Checks.require(
                    attempt.slots.stream().allMatch(slot -> slot.profile() == attempt.stage.profile()),
                    attempt.id + " runs on a runner of another profile");
            attempt.slots.forEach(slot -> Checks.require(slot.attempt == attempt, attempt.id + " is not in its slot"));
            Checks.require(
                    attempt.cancelled != attempt.stage.isRunning(attempt), attempt.id + " is wrongly cancelled or not");
        });
    }
}
