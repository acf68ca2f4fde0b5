package io.weft.runner.protocol;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What a runner tells the ApplicationMaster; in order, each once. */
public sealed interface RunnerEvent {
    /**
     * {@code output} for shuffle sinks, {@code result} for result sinks. {@code updates}: what the task has added to accumulators, pickled;
     * empty if nothing.
     */
    record TaskSucceeded(
            TaskAttemptId id, TaskStats stats, Optional<MapOutput> output, Optional<ResultRef> result, byte[] updates)
            implements RunnerEvent {
        public TaskSucceeded {
            Objects.requireNonNull(updates, "updates is null");
        }
    }

    /** The attempt has made these persisted partitions; its end follows. Each lies where a map output does. */
    record PartitionsKept(TaskAttemptId id, List<MapOutput> partitions) implements RunnerEvent {
        public PartitionsKept {
            Objects.requireNonNull(id, "id is null");
            partitions = List.copyOf(partitions);
        }
    }

    /** What the attempt's steps have rejected, as DONE's {@code rejects}; its end follows. */
    /** Of damaged files, the rest was left out: by path, what is wrong. Comes before the attempt's success. */
    record FilesLeftOut(TaskAttemptId id, Map<String, String> files) implements RunnerEvent {
        public FilesLeftOut {
            Objects.requireNonNull(id, "id is null");
            files = Map.copyOf(files);
        }
    }

    record RecordsRejected(TaskAttemptId id, String counts) implements RunnerEvent {
        public RecordsRejected {
            Objects.requireNonNull(id, "id is null");
            Objects.requireNonNull(counts, "counts is null");
        }
    }

    /** The runner keeps a copy now, as {@link RunnerCommand.CopyKept} asked. */
    record KeptCopied(MapOutput copy) implements RunnerEvent {
        public KeptCopied {
            Objects.requireNonNull(copy, "copy is null");
        }
    }

    record TaskFailed(TaskAttemptId id, TaskFailure failure) implements RunnerEvent {
        public TaskFailed {
            Objects.requireNonNull(failure, "failure is null");
        }
    }

    /** The attempt was cancelled and its worker is free or replaced. */
    record TaskCancelled(TaskAttemptId id) implements RunnerEvent {}

    /** The attempt ended because these map outputs could not be read from anywhere. */
    record FetchFailed(TaskAttemptId id, List<MapOutputId> lost, String reason) implements RunnerEvent {
        public FetchFailed {
            lost = List.copyOf(lost);
        }
    }

    /** The attempt has written its output and asks whether it may commit; it waits for the answer. */
    record CommitWanted(TaskAttemptId id) implements RunnerEvent {}

    /**
     * The attempt waits in barrier(), or in allGather ({@code gathers}) with a message, for the other tasks of its stage. {@code call}: how
     * many such calls it has made before.
     */
    record BarrierReached(TaskAttemptId id, int call, boolean gathers, String message) implements RunnerEvent {
        public BarrierReached {
            Objects.requireNonNull(message, "message is null");
            if (message.length() > MAX_BARRIER_BYTES) {
                throw new ProtocolException("a message of allGather has " + message.length() + " characters");
            }
        }
    }

    /** What a message of allGather may have, in UTF-8. */
    int MAX_BARRIER_BYTES = 128 << 10;

    /** A task needs this broadcast; the runner serves blocks at {@code host} and {@code blockPort}, 0 for none. */
    record BroadcastWanted(int broadcast, String host, int blockPort) implements RunnerEvent {
        public BroadcastWanted {
            Objects.requireNonNull(host, "host is null");
        }
    }

    /** A worker registered: the interpreter that functions meet there. */
    record WorkerRegistered(
            int slot, int pid, String python, String implementation, String hashAlgorithm, boolean compiled)
            implements RunnerEvent {}

    /** Lines a task's user code printed, without their line ends; {@code error}: standard error. */
    record Printed(TaskAttemptId id, boolean error, List<String> lines) implements RunnerEvent {
        public Printed {
            lines = List.copyOf(lines);
        }
    }
}
