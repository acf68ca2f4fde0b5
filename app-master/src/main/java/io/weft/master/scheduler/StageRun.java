package io.weft.master.scheduler;

import io.weft.master.stages.Stage;
import io.weft.runner.protocol.TaskAttemptId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A stage of a live job. Once begun, each task is done, running or pending, and nothing else. */
final class StageRun {
    /** What befell a task since it succeeded last. */
    static final class Trouble {
        int failures;
        int losses;

        /** Hosts of failed and lost attempts, in order. */
        final List<String> hosts = new ArrayList<>();
    }

    final JobRun job;
    final Stage stage;

    /** The shuffle it writes; null for a result stage. */
    final ShuffleState output;

    /** Shuffles it reads; more when its job is extended. */
    List<ShuffleState> inputs;

    /** Of a barrier stage; null for others. */
    final Gang gang;

    /** Tasks that wait for a slot; empty before the stage has begun. */
    PendingTasks pending = new PendingTasks(List.of());

    /** By task, its attempt that is not cancelled, or the first of two. */
    final Map<Integer, Attempt> running = new LinkedHashMap<>();

    /** By task, its second attempt that is not cancelled; only beside a first one. */
    final Map<Integer, Attempt> copies = new LinkedHashMap<>();

    /** Of attempts whose results were accepted; empty unless somebody wants to know. */
    final Durations durations = new Durations();

    /** By task, the one attempt that may commit; always one that runs. */
    final Map<Integer, TaskAttemptId> grants = new HashMap<>();

    /** Result stage: all and only accepted attempts whose results lie with their runners until the driver has them. */
    final Map<TaskAttemptId, Attempt> held = new HashMap<>();

    /** All and only tasks that had trouble and are not done, or whose result is held. */
    final Map<Integer, Trouble> troubles = new HashMap<>();

    StageStatus status = StageStatus.IDLE;
    long activeSinceMillis;

    /** Tasks were queued, and the stage is not finished. */
    private boolean begun;

    /** Result stage: all and only tasks that succeeded. A map task is done when its output is there. */
    private final BitSet results = new BitSet();

    private int resultCount;

    /** Result stage: by task, number of its next attempt. */
    private final int[] nextAttempts;

    private Map<Integer, Integer> epochs = Map.of();

    StageRun(JobRun job, Stage stage, ShuffleState output, List<ShuffleState> inputs) {
        this.job = job;
        this.stage = stage;
        this.output = output;
        this.inputs = inputs;
        gang = stage.barrier() ? new Gang(stage.partitions().size()) : null;
        nextAttempts = new int[output == null ? stage.partitions().size() : 0];
    }

    /** Slots that each of its tasks takes, of one runner. */
    int width() {
        return stage.share().slots();
    }

    /** Number of the profile whose runners its tasks run on. */
    int profile() {
        return stage.share().profile().number();
    }

    int tasks() {
        return stage.partitions().size();
    }

    boolean isDone(int task) {
        return output == null ? results.get(task) : output.has(task);
    }

    /** Neither done, nor running, nor pending: its output was just lost. */
    boolean isIdle(int task) {
        return !isDone(task) && !running.containsKey(task) && !pending.contains(task) && !isParked(task);
    }

    /** It has succeeded, and others of its barrier stage have not yet. */
    private boolean isParked(int task) {
        return gang != null && gang.parked.containsKey(task);
    }

    boolean isFinished() {
        return output == null ? resultCount == tasks() : output.isComplete();
    }

    boolean isBegun() {
        return begun;
    }

    boolean isLaunchable() {
        return status == StageStatus.ACTIVE && pending.count() > 0;
    }

    boolean inputsComplete() {
        return inputs.stream().allMatch(ShuffleState::isComplete);
    }

    /** It may run: inputs are there, and no other job's stage writes its shuffle. */
    boolean mayRun() {
        return inputsComplete() && (output == null || output.producer == this);
    }

    void moveTo(StageStatus next) {
        if (status != next) {
            Checks.require(status.canTransitionTo(next), this + " cannot go from " + status + " to " + next);
            status = next;
        }
    }

    /** Starts (over) with an empty queue; returns the tasks to queue. */
    List<Integer> begin(boolean locality) {
        begun = true;
        pending = new PendingTasks(locality ? stage.preferredHosts() : Collections.nCopies(tasks(), List.of()));
        List<Integer> todo = new ArrayList<>();
        for (int task = 0; task < tasks(); task++) {
            if (!isDone(task)) {
                todo.add(task);
            }
        }
        return todo;
    }

    void finish() {
        begun = false;
        if (output != null) {
            troubles.clear();
            if (gang != null) {
                gang.trouble = new Trouble();
            }
        }
        moveTo(StageStatus.IDLE);
    }

    /** A result is there; {@code isHeld} by the attempt's runner. */
    void resultDone(Attempt attempt, boolean isHeld) {
        Checks.require(!results.get(attempt.task), attempt.id + " is done twice");
        results.set(attempt.task);
        resultCount++;
        if (isHeld) {
            held.put(attempt.id, attempt);
        }
    }

    /** All tasks are to do again. */
    void clearResults() {
        results.clear();
        resultCount = 0;
    }

    /** A held result is gone, its task is to do again. */
    void resultLost(Attempt attempt) {
        held.remove(attempt.id);
        results.clear(attempt.task);
        resultCount--;
    }

    TaskAttemptId nextAttempt(int task) {
        int number = output == null ? nextAttempts[task]++ : output.nextAttempt(task);
        return new TaskAttemptId(stage.id(), stage.partitions().get(task), number);
    }

    /** A new attempt runs: the first of its task, or the second beside it. */
    void launched(Attempt attempt) {
        if (running.putIfAbsent(attempt.task, attempt) != null) {
            Attempt before = copies.put(attempt.task, attempt);
            Checks.require(before == null, attempt.id + " is the third attempt at a time");
        }
    }

    /** An attempt runs no more, or is cancelled; a second one takes the first one's place. */
    void left(Attempt attempt) {
        grants.remove(attempt.task, attempt.id);
        if (copies.remove(attempt.task, attempt)) {
            return;
        }
        Attempt copy = copies.remove(attempt.task);
        if (copy == null) {
            running.remove(attempt.task);
        } else {
            running.put(attempt.task, copy);
        }
    }

    /** The other attempt of the same task that runs; null if there is none. */
    Attempt beside(Attempt attempt) {
        Attempt first = running.get(attempt.task);
        return first == attempt ? copies.get(attempt.task) : first;
    }

    boolean isRunning(Attempt attempt) {
        return running.get(attempt.task) == attempt || copies.get(attempt.task) == attempt;
    }

    /** Epochs of its inputs, by shuffle. */
    Map<Integer, Integer> epochs() {
        if (epochs.size() != inputs.size()
                || inputs.stream().anyMatch(input -> epochs.get(input.id) != input.epoch())) {
            Map<Integer, Integer> current = new TreeMap<>();
            inputs.forEach(input -> current.put(input.id, input.epoch()));
            epochs = Collections.unmodifiableMap(current);
        }
        return epochs;
    }

    void validate() {
        pending.validate();
        Checks.require(!isFinished() || status == StageStatus.IDLE, this + " is finished, but " + status);
        Checks.require(!isLaunchable() || mayRun(), this + " launches tasks before its inputs are there");
        Checks.require(job.isLaunchable(this) == isLaunchable(), this + " is wrongly offered slots or not");
        held.values().forEach(attempt -> Checks.require(isDone(attempt.task), attempt.id + " is held but not done"));
        grants.forEach((task, id) -> Checks.require(
                running.containsKey(task) && running.get(task).id.equals(id)
                        || copies.containsKey(task) && copies.get(task).id.equals(id),
                id + " may commit but does not run"));
        copies.forEach((task, copy) -> Checks.require(
                running.containsKey(task) && running.get(task) != copy, copy.id + " runs beside nothing"));
        for (int task = 0; begun && task < tasks(); task++) {
            int states = (isDone(task) ? 1 : 0)
                    + (running.containsKey(task) ? 1 : 0)
                    + (pending.contains(task) ? 1 : 0)
                    + (isParked(task) ? 1 : 0);
            Checks.require(states == 1, this + " task " + task + " is in " + states + " states");
        }
        if (gang != null) {
            gang.validate(this);
        }
    }

    /** The words of messages: {@code stage 2 (flatMap, etl.py:58)}. */
    @Override
    public String toString() {
        return "stage " + stage.id() + " (" + stage.name() + ", " + stage.site() + ")";
    }
}
