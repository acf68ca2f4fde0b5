package io.weft.runner.task;

import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import java.util.List;

/** Where tasks report to. Called from many threads; what is said of one attempt comes in order, its end last. */
public interface TaskReports {
    void event(RunnerEvent event);

    /** Lines that an attempt's user code printed. May be slow: the worker waits. */
    void printed(TaskAttemptId id, boolean error, List<String> lines);

    /** The last words of a worker that a signal killed; its failure says what matters of them. */
    default void fault(TaskAttemptId id, List<String> lines) {}
}
