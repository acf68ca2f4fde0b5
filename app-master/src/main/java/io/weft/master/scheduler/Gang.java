package io.weft.master.scheduler;

import java.util.Collection;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a barrier stage has beside what all stages have. Its tasks are launched together, a try; what they make is accepted together, when
 * the last has succeeded, and dropped together when one has failed.
 */
final class Gang {
    /** An attempt that has succeeded, and what it reported. */
    record Parked(Attempt attempt, SchedulerEvent.TaskSucceeded report) {}

    /** By task, the attempts of the try that have succeeded; empty when no try is on. */
    final TreeMap<Integer, Parked> parked = new TreeMap<>();

    /** Tasks of the try that wait for the grant of their commit. */
    final TreeSet<Integer> committing = new TreeSet<>();

    /** What the tasks of the try say to each other. */
    final BarrierCalls calls;

    /** Since the stage's outputs were complete last. */
    StageRun.Trouble trouble = new StageRun.Trouble();

    /** Since when it waits for slots that are not there; 0 when it does not. */
    long lackingSinceMillis;

    /** All and only attempts of the try that is on, whatever became of them; compared by identity. */
    private final Set<Attempt> members = new HashSet<>();

    Gang(int tasks) {
        calls = new BarrierCalls(tasks);
    }

    void begin(Collection<Attempt> launched) {
        members.addAll(launched);
        lackingSinceMillis = 0;
        calls.begin();
    }

    /** The attempt is one of the try that is on. */
    boolean has(Attempt attempt) {
        return members.contains(attempt);
    }

    /** A task of the try that will make no call any more: its functions have ended. */
    OptionalInt silent() {
        if (!parked.isEmpty()) {
            return OptionalInt.of(parked.firstKey());
        }
        return committing.isEmpty() ? OptionalInt.empty() : OptionalInt.of(committing.first());
    }

    /** The try is over; whoever asks drops or accepts what is parked before. */
    void end() {
        members.clear();
        parked.clear();
        committing.clear();
        calls.begin();
    }

    void validate(StageRun stage) {
        parked.forEach((task, one) -> {
            Checks.require(has(one.attempt()), one.attempt().id + " is kept for a try that is over");
            Checks.require(!stage.running.containsKey(task), one.attempt().id + " has succeeded and runs");
        });
        Checks.require(
                stage.running.isEmpty() || stage.running.size() + parked.size() == stage.tasks(),
                stage + ": " + stage.running.size() + " tasks run and " + parked.size() + " are done, of "
                        + stage.tasks());
        stage.running.values().forEach(attempt -> Checks.require(has(attempt), attempt.id + " is of another try"));
        Checks.require(
                stage.pending.count() == 0 || stage.pending.count() == stage.tasks(),
                stage + ": " + stage.pending.count() + " tasks wait alone");
        calls.validate(stage);
    }
}
