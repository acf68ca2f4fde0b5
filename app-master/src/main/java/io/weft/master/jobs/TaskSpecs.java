package io.weft.master.jobs;

import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskSpec;
import java.util.Map;

/** Makes the task attempts of one job when they are launched, so that a million waiting tasks cost nothing. */
public interface TaskSpecs {
    /** {@code epochs}: by shuffle that the stage reads. */
    TaskSpec make(TaskAttemptId id, Map<Integer, Integer> epochs);
}
