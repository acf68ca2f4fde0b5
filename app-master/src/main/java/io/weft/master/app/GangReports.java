package io.weft.master.app;

import io.weft.master.scheduler.SchedulerAction;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reports of barrier tasks that have succeeded, kept until all of their stage have. Owned by the loop thread. */
final class GangReports {
    /** What the messages in one command may have together; a single one may have more. */
    private static final int MAX_COMMAND_BYTES = 192 << 10;

    /** All and only attempts that the scheduler has parked and neither accepted nor dropped. */
    private final Map<TaskAttemptId, RunnerEvent.TaskSucceeded> parked = new HashMap<>();

    void park(TaskAttemptId id, Optional<RunnerEvent.TaskSucceeded> report) {
        report.ifPresent(one -> parked.put(id, one));
    }

    Optional<RunnerEvent.TaskSucceeded> take(TaskAttemptId id) {
        return Optional.ofNullable(parked.remove(id));
    }

    boolean has(TaskAttemptId id) {
        return parked.containsKey(id);
    }

    /** What the runner must hear, cut so that no message of the link gets large. */
    static List<RunnerCommand> passed(SchedulerAction.PassBarrier pass) {
        List<RunnerCommand> commands = new ArrayList<>();
        List<String> part = new ArrayList<>();
        int bytes = 0;
        for (String message : pass.messages()) {
            int length = message.getBytes(StandardCharsets.UTF_8).length;
            if (!part.isEmpty() && bytes + length > MAX_COMMAND_BYTES) {
                commands.add(new RunnerCommand.BarrierPassed(pass.ids(), pass.call(), part, false));
                part = new ArrayList<>();
                bytes = 0;
            }
            part.add(message);
            bytes += length;
        }
        commands.add(new RunnerCommand.BarrierPassed(pass.ids(), pass.call(), part, true));
        return commands;
    }
}
