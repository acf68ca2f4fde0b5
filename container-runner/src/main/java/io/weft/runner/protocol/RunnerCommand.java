package io.weft.runner.protocol;

import java.util.List;
import java.util.Objects;

/** What the ApplicationMaster tells a runner; in order, each once. */
public sealed interface RunnerCommand {
    /** {@code hadoop}: the version of Hadoop's configuration that the task's inputs and outputs work with. */
    record Launch(int slot, TaskSpec task, int hadoop) implements RunnerCommand {
        public Launch {
            Objects.requireNonNull(task, "task is null");
        }
    }

    /** What the program has changed in Hadoop's configuration, before the first task for it; no task needs the obsolete versions. */
    record HadoopSettings(HadoopChanges changes, List<Integer> obsolete) implements RunnerCommand {
        public HadoopSettings {
            Objects.requireNonNull(changes, "changes is null");
            obsolete = List.copyOf(obsolete);
        }
    }

    record Cancel(TaskAttemptId id, String reason) implements RunnerCommand {}

    record GrantCommit(TaskAttemptId id) implements RunnerCommand {}

    record DenyCommit(TaskAttemptId id) implements RunnerCommand {}

    /**
     * These attempts may leave call number {@code call}, in which they wait. {@code messages}: of all tasks in their order, or none; they are cut so that a
     * message stays small, {@code last} closes the list.
     */
    record BarrierPassed(List<TaskAttemptId> ids, int call, List<String> messages, boolean last)
            implements RunnerCommand {
        public BarrierPassed {
            ids = List.copyOf(ids);
            messages = List.copyOf(messages);
        }
    }

    /** In this call these attempts wait in vain for the other tasks of their stage. */
    record BarrierRefused(List<TaskAttemptId> ids, int call, String reason) implements RunnerCommand {
        public BarrierRefused {
            ids = List.copyOf(ids);
            Objects.requireNonNull(reason, "reason is null");
        }
    }

    /**
     * Part of the outputs of a shuffle at an epoch, sent before the first task that names it; {@code last} closes the list. Lists are cut
     * so that a message stays small.
     */
    record ShuffleOutputs(int shuffle, int epoch, int firstMap, List<MapOutput> outputs, boolean last)
            implements RunnerCommand {
        public ShuffleOutputs {
            outputs = List.copyOf(outputs);
        }
    }

    /** Nobody reads this shuffle any more: delete what this runner holds of it. */
    record DropShuffle(int shuffle) implements RunnerCommand {}

    /** Delete this persisted partition. */
    record DropKept(MapOutputId id) implements RunnerCommand {
        public DropKept {
            Objects.requireNonNull(id, "id is null");
        }
    }

    /** Copy this persisted partition of another runner, so that it is kept twice. */
    record CopyKept(MapOutput from) implements RunnerCommand {
        public CopyKept {
            Objects.requireNonNull(from, "from is null");
        }
    }

    /** The driver has this result. */
    record ReleaseBlock(String block) implements RunnerCommand {}

    /** A file of addFile or addPyFile: fetch block {@code block} from the ApplicationMaster as {@code name}. */
    record AddFile(String name, String block, boolean onPath) implements RunnerCommand {}

    /** Read a broadcast of {@code length} bytes (-1: it is gone) there; port 0: from the ApplicationMaster's block server. */
    record BroadcastFrom(int broadcast, long length, String host, int port) implements RunnerCommand {
        public BroadcastFrom {
            Objects.requireNonNull(host, "host is null");
        }

        /** The block that a broadcast is, wherever it is served. */
        public static String block(int broadcast) {
            return "broadcast-" + broadcast;
        }
    }

    /** Remove this broadcast from the node. */
    record DropBroadcast(int broadcast) implements RunnerCommand {}

    /** End: kill workers, remove what is left, leave. */
    record Shutdown(String reason) implements RunnerCommand {}
}
