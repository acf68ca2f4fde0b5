package io.weft.runner.protocol;

import java.util.List;
import java.util.Objects;

/** What the ApplicationMaster tells a runner; in order, each once. */
public sealed interface RunnerCommand {
    record Launch(int slot, TaskSpec task) implements RunnerCommand {
        public Launch {
            Objects.requireNonNull(task, "task is null");
        }
    }

    record Cancel(TaskAttemptId id, String reason) implements RunnerCommand {}

    record GrantCommit(TaskAttemptId id) implements RunnerCommand {}

    record DenyCommit(TaskAttemptId id) implements RunnerCommand {}

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

    /** The driver has this result. */
    record ReleaseBlock(String block) implements RunnerCommand {}

    /** A file of addFile or addPyFile: fetch block {@code block} from the ApplicationMaster as {@code name}. */
    record AddFile(String name, String block, boolean onPath) implements RunnerCommand {}

    /** End: kill workers, remove what is left, leave. */
    record Shutdown(String reason) implements RunnerCommand {}
}
