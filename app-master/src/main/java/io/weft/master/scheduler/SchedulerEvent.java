package io.weft.master.scheduler;

import io.weft.master.stages.StageGraph;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.util.List;
import java.util.Optional;

/** What happened. The only way into {@link Scheduler}. */
public sealed interface SchedulerEvent {
    /** A job was submitted. {@code group} may be "". */
    record JobSubmitted(int job, StageGraph graph, String group) implements SchedulerEvent {}

    /**
     * A live job needs more stages than it was submitted with, as something is lost that it was to read. {@code graph} has the stages
     * that the job has, which may read more shuffles now, and the new ones.
     */
    record JobExtended(int job, StageGraph graph) implements SchedulerEvent {}

    record JobCancelled(int job, String reason) implements SchedulerEvent {}

    record GroupCancelled(String group, String reason) implements SchedulerEvent {}

    record AllCancelled(String reason) implements SchedulerEvent {}

    /**
     * A runner is ready to take tasks; {@code rack} may be "". {@code port}: of its block server, 0 without one. {@code profile}: number
     * of the profile that it was asked for; it takes tasks of no other.
     */
    record RunnerRegistered(String runner, String host, String rack, int slots, int port, int profile)
            implements SchedulerEvent {
        public RunnerRegistered(String runner, String host, String rack, int slots) {
            this(runner, host, rack, slots, 0, 0);
        }
    }

    /** A runner is gone. {@code outputsReadable}: its map outputs can still be read (own host's files, mapreduce_shuffle). */
    record RunnerLost(String runner, boolean outputsReadable, String reason) implements SchedulerEvent {}

    /** {@code held}: its runner holds the result until the driver has it; {@link ResultTaken} or {@link ResultLost} follows. */
    record TaskSucceeded(TaskAttemptId id, Optional<MapOutput> output, boolean held) implements SchedulerEvent {}

    /** The driver has, or does not want, the result that a runner held. */
    record ResultTaken(int job, TaskAttemptId id) implements SchedulerEvent {}

    /** The result that a runner held is gone, or cannot be read, before the driver had it. */
    record ResultLost(int job, TaskAttemptId id, String reason) implements SchedulerEvent {}

    record TaskFailed(TaskAttemptId id, TaskFailure failure) implements SchedulerEvent {}

    record TaskCancelled(TaskAttemptId id) implements SchedulerEvent {}

    /** An attempt could not read these outputs; they are lost whatever else is known of them. */
    record FetchFailed(TaskAttemptId id, List<MapOutputId> lost, String reason) implements SchedulerEvent {}

    record CommitWanted(TaskAttemptId id) implements SchedulerEvent {}

    /**
     * A task of a barrier stage waits for the others: in barrier(), or in allGather ({@code gathers}) with a message. {@code call}: its
     * calls before this one.
     */
    record BarrierReached(TaskAttemptId id, int call, boolean gathers, String message) implements SchedulerEvent {}

    /** The job's output commit ended; {@code error} is empty when it succeeded. */
    record JobCommitted(int job, Optional<TaskFailure> error) implements SchedulerEvent {}

    /** The driver dropped the RDD of this shuffle. */
    record ShuffleDropped(int shuffle) implements SchedulerEvent {}

    /** Time passed; sent when {@link SchedulerAction.WakeAt} asked for it. */
    record Tick() implements SchedulerEvent {}
}
