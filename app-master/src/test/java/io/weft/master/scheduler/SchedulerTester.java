package io.weft.master.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.master.stages.StageGraph;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Feeds one event at a time and compares all actions that follow, each as a line. Attempts are written {@code 2.17.0} (stage, task,
 * attempt). Runner {@code r1} is on host {@code h1}. WantSlots hints are kept apart.
 */
final class SchedulerTester {
    static final TaskFailure USER = failure(FailureKind.USER);
    static final TaskFailure EXTERNAL = failure(FailureKind.EXTERNAL);
    static final TaskFailure INTERNAL = failure(FailureKind.INTERNAL);
    static final TaskFailure FATAL = failure(FailureKind.FATAL);

    final Scheduler scheduler;

    /** The last hint. */
    Optional<SchedulerAction.WantSlots> wanted = Optional.empty();

    /** Actions of the last event, as they are. */
    List<SchedulerAction> last = List.of();

    long now = 1000;

    private final Map<TaskAttemptId, String> runners = new HashMap<>();
    private final Map<Integer, Integer> shuffles = new HashMap<>();

    SchedulerTester() {
        this(SchedulerSettings.DEFAULT);
    }

    SchedulerTester(SchedulerSettings settings) {
        scheduler = new Scheduler(settings);
    }

    static TaskFailure failure(FailureKind kind) {
        return new TaskFailure(kind, "", kind + " it was", "", new byte[0], "");
    }

    static TaskAttemptId id(String text) {
        String[] parts = text.split("\\.");
        return new TaskAttemptId(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
    }

    /** Applies an event; {@code expected} are all actions that follow, in order. */
    void on(SchedulerEvent event, String... expected) {
        last = scheduler.handle(event, now);
        scheduler.validate();
        List<String> lines = new ArrayList<>();
        for (SchedulerAction action : last) {
            if (action instanceof SchedulerAction.WantSlots want) {
                wanted = Optional.of(want);
            } else {
                lines.add(line(action));
            }
            if (action instanceof SchedulerAction.LaunchTask launch) {
                runners.put(launch.id(), launch.runner());
            }
        }
        assertEquals(String.join("\n", expected), String.join("\n", lines), () -> "after " + event);
    }

    void submit(int job, StageGraph graph, String... expected) {
        graph.stages().forEach(stage -> shuffles.put(stage.id(), stage.shuffle()));
        on(new SchedulerEvent.JobSubmitted(job, graph, "group" + job), expected);
    }

    /** Submits a job whose first stage, 0, has two tasks that start at once, each on the slot named, such as r1:0. */
    void submitTwo(int job, StageGraph graph, String first, String second) {
        submit(
                job,
                graph,
                "start stage 0 tasks 2",
                "launch 0.0.0 on " + first + " NONE",
                "launch 0.1.0 on " + second + " NONE");
    }

    /** Registers runner {@code rN} of host {@code hN}. */
    void runner(String runner, int slots, String... expected) {
        runnerOn(runner, "h" + runner.substring(1), "", slots, expected);
    }

    void runnerOn(String runner, String host, String rack, int slots, String... expected) {
        on(new SchedulerEvent.RunnerRegistered(runner, host, rack, slots), expected);
    }

    /** Registers runner {@code rN} of host {@code hN}, which was asked for by a profile. */
    void runnerOf(int profile, String runner, int slots, String... expected) {
        String host = "h" + runner.substring(1);
        on(new SchedulerEvent.RunnerRegistered(runner, host, "", slots, 0, profile), expected);
    }

    void lose(String runner, String... expected) {
        on(new SchedulerEvent.RunnerLost(runner, false, "container lost"), expected);
    }

    /** The attempt succeeds, with its map output if its stage writes a shuffle. */
    void done(String attempt, String... expected) {
        TaskAttemptId id = id(attempt);
        int shuffle = shuffles.get(id.stage());
        Optional<MapOutput> output = shuffle < 0 ? Optional.empty() : Optional.of(output(shuffle, id, runners.get(id)));
        on(new SchedulerEvent.TaskSucceeded(id, output, false), expected);
    }

    /** The attempt succeeds, and its runner holds the result. */
    void holds(String attempt, String... expected) {
        on(new SchedulerEvent.TaskSucceeded(id(attempt), Optional.empty(), true), expected);
    }

    void taken(int job, String attempt, String... expected) {
        on(new SchedulerEvent.ResultTaken(job, id(attempt)), expected);
    }

    void resultLost(int job, String attempt, String... expected) {
        on(new SchedulerEvent.ResultLost(job, id(attempt), "its result is lost: container lost"), expected);
    }

    static MapOutput output(int shuffle, TaskAttemptId id, String runner) {
        MapOutputId output = outputId(shuffle, id.partition(), id.attempt());
        return new MapOutput(output, runner, "h" + runner.substring(1), 7000, 0, "/data/" + output.folder(), 2, 100);
    }

    static MapOutputId outputId(int shuffle, int map, int attempt) {
        return new MapOutputId("application_1715_0042", shuffle, map, attempt);
    }

    void failed(String attempt, TaskFailure failure, String... expected) {
        on(new SchedulerEvent.TaskFailed(id(attempt), failure), expected);
    }

    void fetchFailed(String attempt, MapOutputId lost, String... expected) {
        on(new SchedulerEvent.FetchFailed(id(attempt), List.of(lost), "connection refused"), expected);
    }

    /** The attempt calls barrier(), or allGather with this message. */
    void reached(String attempt, int call, String... expected) {
        on(new SchedulerEvent.BarrierReached(id(attempt), call, false, ""), expected);
    }

    void gathers(String attempt, int call, String message, String... expected) {
        on(new SchedulerEvent.BarrierReached(id(attempt), call, true, message), expected);
    }

    void wantsCommit(String attempt, String... expected) {
        on(new SchedulerEvent.CommitWanted(id(attempt)), expected);
    }

    void after(long millis, String... expected) {
        now += millis;
        on(new SchedulerEvent.Tick(), expected);
    }

    private static String line(SchedulerAction action) {
        if (action instanceof SchedulerAction.LaunchTask a) {
            String epochs = a.epochs().isEmpty() ? "" : " reads " + a.epochs();
            return "launch " + dots(a.id()) + " on " + a.runner() + ":" + a.slot() + " " + a.locality() + epochs;
        } else if (action instanceof SchedulerAction.ShuffleReady a) {
            return "ready " + a.shuffle() + " epoch " + a.epoch() + " attempts "
                    + a.outputs().stream().map(output -> output.id().attempt()).toList();
        } else if (action instanceof SchedulerAction.StageStarted a) {
            return "start stage " + a.stage() + " tasks " + a.tasks();
        } else if (action instanceof SchedulerAction.StageFinished a) {
            return "finish stage " + a.stage();
        } else if (action instanceof SchedulerAction.TaskAccepted a) {
            return "accept " + dots(a.attempt()) + (a.resultStage() ? " result" : "");
        } else if (action instanceof SchedulerAction.JobSucceeded a) {
            return "job " + a.job() + " succeeded";
        } else if (action instanceof SchedulerAction.JobFailed a) {
            String blamed = a.attempt() == null ? "" : " by " + dots(a.attempt()) + " on " + a.hosts();
            return "job " + a.job() + (a.cancelled() ? " cancelled" : " failed") + blamed + ": " + a.reason();
        }
        return rest(action);
    }

    private static String rest(SchedulerAction action) {
        if (action instanceof SchedulerAction.CancelTask a) {
            return "cancel " + dots(a.id()) + " on " + a.runner();
        } else if (action instanceof SchedulerAction.GrantCommit a) {
            return "grant " + dots(a.id()) + " on " + a.runner();
        } else if (action instanceof SchedulerAction.DenyCommit a) {
            return "deny " + dots(a.id()) + " on " + a.runner();
        } else if (action instanceof SchedulerAction.CommitJob a) {
            return "commit job " + a.job();
        } else if (action instanceof SchedulerAction.DropShuffle a) {
            return "drop shuffle " + a.shuffle();
        } else if (action instanceof SchedulerAction.WakeAt a) {
            return "wake at " + a.millis();
        } else if (action instanceof SchedulerAction.TaskParked a) {
            return "park " + dots(a.attempt());
        } else if (action instanceof SchedulerAction.TaskDropped a) {
            return "drop " + dots(a.attempt());
        } else if (action instanceof SchedulerAction.PassBarrier a) {
            return "pass " + dots(a.ids()) + " on " + a.runner() + " call " + a.call() + " " + a.messages();
        } else if (action instanceof SchedulerAction.RefuseBarrier a) {
            return "refuse " + dots(a.ids()) + " on " + a.runner() + " call " + a.call() + ": " + a.reason();
        }
        return action.toString();
    }

    private static String dots(List<TaskAttemptId> ids) {
        return String.join(" ", ids.stream().map(SchedulerTester::dots).toList());
    }

    private static String dots(TaskAttemptId id) {
        return String.join(".", Arrays.asList("" + id.stage(), "" + id.partition(), "" + id.attempt()));
    }
}
