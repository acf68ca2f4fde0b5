package io.weft.master.app;

import io.weft.master.jobs.CachedBlocks;
import io.weft.master.jobs.JobFailure;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What runners report beside what the scheduler hears: interpreters, printed lines, ended attempts. Owned by the loop thread. */
final class WorkerReports {
    private final DriverPython driver;
    private final PrintedLines printed;
    private final RunningJobs jobs;
    private final Map<String, String> hosts = new HashMap<>();
    /** All and only runners that are not lost, in the order in which they came. */
    private final Set<String> alive = new LinkedHashSet<>();

    WorkerReports(DriverPython driver, PrintedLines printed, RunningJobs jobs) {
        this.driver = driver;
        this.printed = printed;
        this.jobs = jobs;
    }

    void registered(String runner, String host) {
        hosts.put(runner, host);
        alive.add(runner);
    }

    void lost(String runner) {
        alive.remove(runner);
    }

    /** The runners, for the driver. */
    List<Map<String, Object>> executors(CachedBlocks cached) {
        List<Map<String, Object>> found = new ArrayList<>();
        for (String runner : alive) {
            found.add(Map.of(
                    "host", hosts.get(runner),
                    "port", 0,
                    "cached", cached.bytesOn(runner),
                    "running", jobs.countOn(runner)));
        }
        return found;
    }

    /** E07 when this worker's interpreter cannot exchange functions or keys with the driver's. */
    Optional<JobFailure> conflict(String runner, RunnerEvent.WorkerRegistered worker) {
        Interpreter theirs = new Interpreter(worker.implementation(), worker.python(), worker.hashAlgorithm());
        String conflict = driver.interpreter().conflict(theirs);
        if (conflict.isEmpty()) {
            return Optional.empty();
        }
        String text = "The driver runs " + driver.interpreter() + ", the workers " + theirs + " (" + driver.executable()
                + " on "
                + hosts.getOrDefault(runner, runner) + "): " + conflict
                + ".\nSet WEFT_PYTHON (or PYSPARK_PYTHON), or ship an environment: --environment current.";
        return Optional.of(JobFailure.of("E07", 4, "user", text));
    }

    void print(RunnerEvent.Printed lines) {
        TaskAttemptId id = lines.id();
        int stage = jobs.jobOf(id).map(job -> job.position(id.stage())).orElse(id.stage());
        printed.print(stage, id.partition(), lines.lines());
    }

    /** Counts attempts that end with this report. */
    void ended(RunnerEvent event) {
        if (event instanceof RunnerEvent.TaskSucceeded success) {
            jobs.ended(success.id(), false);
        } else if (event instanceof RunnerEvent.TaskFailed failed) {
            jobs.ended(failed.id(), true);
        } else if (event instanceof RunnerEvent.FetchFailed failed) {
            jobs.ended(failed.id(), true);
        } else if (event instanceof RunnerEvent.TaskCancelled cancelled) {
            jobs.ended(cancelled.id(), false);
        }
    }

    /** The same for the scheduler. */
    static SchedulerEvent translate(RunnerEvent event) {
        if (event instanceof RunnerEvent.TaskSucceeded success) {
            boolean held = success.result().map(ref -> !ref.isInline()).orElse(false);
            return new SchedulerEvent.TaskSucceeded(success.id(), success.output(), held);
        } else if (event instanceof RunnerEvent.TaskFailed failed) {
            return new SchedulerEvent.TaskFailed(failed.id(), failed.failure());
        } else if (event instanceof RunnerEvent.TaskCancelled cancelled) {
            return new SchedulerEvent.TaskCancelled(cancelled.id());
        } else if (event instanceof RunnerEvent.FetchFailed failed) {
            if (failed.lost().stream().allMatch(MapOutputId::isKept)) {
                // a persisted partition broke off in the middle; another attempt computes it
                TaskFailure failure = new TaskFailure(FailureKind.EXTERNAL, "", failed.reason(), "", new byte[0], "");
                return new SchedulerEvent.TaskFailed(failed.id(), failure);
            }
            return new SchedulerEvent.FetchFailed(failed.id(), failed.lost(), failed.reason());
        } else if (event instanceof RunnerEvent.CommitWanted wanted) {
            return new SchedulerEvent.CommitWanted(wanted.id());
        } else if (event instanceof RunnerEvent.BarrierReached reached) {
            return new SchedulerEvent.BarrierReached(
                    reached.id(), reached.call(), reached.gathers(), reached.message());
        }
        throw new IllegalArgumentException("the scheduler does not hear " + event);
    }
}
