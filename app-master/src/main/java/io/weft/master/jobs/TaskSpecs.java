package io.weft.master.jobs;

import io.weft.master.stages.JobPlan;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes the task attempts of one job when they are launched, so that a million waiting tasks cost nothing. */
public interface TaskSpecs {
    /** {@code epochs}: by shuffle that the stage reads; {@code gang}: of a barrier stage the addresses of its tasks, else empty. */
    TaskSpec make(TaskAttemptId id, Map<Integer, Integer> epochs, List<String> gang);

    /** The job's plan as it is now. */
    JobPlan plan();

    /** A new plan, in effect at once, when something is lost that the one before relied on; it has the stages of that one, and more. */
    Optional<JobPlan> planAgain();

    /** Why the job cannot be done, when it needs what is lost and no lineage tells how to make. */
    Optional<JobFailure> outOfReach();
}
