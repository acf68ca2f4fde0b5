package io.weft.runner.protocol;

/**
 * One try of one task. Attempts of a task count from 0 and are never reused, also not when the task runs again because its
 * output was lost.
 */
public record TaskAttemptId(int stage, int partition, int attempt) implements Comparable<TaskAttemptId> {
    public TaskAttemptId {
        if (stage < 0 || partition < 0 || attempt < 0) {
            throw new IllegalArgumentException(
                    "task attempt of stage " + stage + " partition " + partition + " attempt " + attempt);
        }
    }

    /** The words of every log line and error. */
    @Override
    public String toString() {
        return "stage " + stage + " task " + partition + " attempt " + attempt;
    }

    /** By hand, as in {@link #equals}: what a record derives is linked at its first call, which every start would pay. */
    @Override
    public int hashCode() {
        return (stage * 31 + partition) * 31 + attempt;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TaskAttemptId id
                && id.stage == stage
                && id.partition == partition
                && id.attempt == attempt;
    }

    @Override
    public int compareTo(TaskAttemptId other) {
        int byStage = Integer.compare(stage, other.stage);
        if (byStage != 0) {
            return byStage;
        }
        int byPartition = Integer.compare(partition, other.partition);
        return byPartition != 0 ? byPartition : Integer.compare(attempt, other.attempt);
    }
}
