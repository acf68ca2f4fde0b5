package io.weft.master.scheduler;

import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.util.List;
import java.util.Map;

/** What to do now. The app performs them in order and logs each in one line. */
public sealed interface SchedulerAction {
    /** Before the first task of a stage runs at this epoch: the outputs it will read, by shuffle, in map order. */
    record ShuffleReady(int shuffle, int epoch, List<MapOutput> outputs) implements SchedulerAction {}

    /**
     * {@code epochs}: by shuffle that the stage reads. {@code locality} says what was won. {@code gang}: of a barrier stage, by task the
     * address of the runner that it runs on now; else empty.
     */
    record LaunchTask(
            TaskAttemptId id,
            int job,
            String runner,
            int slot,
            Locality locality,
            Map<Integer, Integer> epochs,
            List<String> gang)
            implements SchedulerAction {}

    record CancelTask(TaskAttemptId id, String runner, String reason) implements SchedulerAction {}

    record GrantCommit(TaskAttemptId id, String runner) implements SchedulerAction {}

    record DenyCommit(TaskAttemptId id, String runner) implements SchedulerAction {}

    /** {@code attempt} is the accepted one; each task of a result stage once, and again each time its result was lost. */
    record TaskAccepted(int job, TaskAttemptId attempt, boolean resultStage) implements SchedulerAction {}

    /** The attempt of a barrier stage has succeeded; keep its report until {@link TaskAccepted} or {@link TaskDropped} follows. */
    record TaskParked(TaskAttemptId attempt) implements SchedulerAction {}

    /** Nobody wants what this parked attempt made. */
    record TaskDropped(TaskAttemptId attempt) implements SchedulerAction {}

    /** These attempts, all of this runner, may leave the call in which they wait; {@code messages}: of all tasks in order, or none. */
    record PassBarrier(String runner, List<TaskAttemptId> ids, int call, List<String> messages)
            implements SchedulerAction {}

    /** These attempts, all of this runner, wait in vain. */
    record RefuseBarrier(String runner, List<TaskAttemptId> ids, int call, String reason) implements SchedulerAction {}

    /** Slots wanted in all now, and by host how many tasks would like to run there; a hint for asking containers. */
    record WantSlots(int slots, Map<String, Integer> byHost) implements SchedulerAction {}

    record StageStarted(int job, int stage, int tasks) implements SchedulerAction {}

    record StageFinished(int job, int stage) implements SchedulerAction {}

    /** All tasks of a job that commits have committed: commit the job, answer with {@link SchedulerEvent.JobCommitted}. */
    record CommitJob(int job) implements SchedulerAction {}

    record JobSucceeded(int job) implements SchedulerAction {}

    /**
     * @param cancelled true when somebody asked for it
     * @param last the failure that decided, of {@code attempt} (null when no attempt is to blame), and the hosts of all failed attempts
     */
    record JobFailed(
            int job, boolean cancelled, String reason, TaskAttemptId attempt, TaskFailure last, List<String> hosts)
            implements SchedulerAction {}

    /** Runners may delete their outputs of this shuffle. */
    record DropShuffle(int shuffle) implements SchedulerAction {}

    /** Send {@link SchedulerEvent.Tick} at this time, if nothing comes first. */
    record WakeAt(long millis) implements SchedulerAction {}
}
