package io.weft.master.app;

import io.weft.master.jobs.JobRun;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Jobs that have not ended, attempts that run, and reports that the scheduler has not judged yet. Owned by the loop thread. */
final class RunningJobs {
    private record Attempt(JobRun job, String runner) {}

    private final Map<Integer, JobRun> jobs = new LinkedHashMap<>();
    private final Map<TaskAttemptId, Attempt> attempts = new HashMap<>();

    void add(JobRun job) {
        jobs.put(job.spec().job(), job);
    }

    Optional<JobRun> job(int id) {
        return Optional.ofNullable(jobs.get(id));
    }

    List<JobRun> all() {
        return new ArrayList<>(jobs.values());
    }

    /** The versions of Hadoop's configuration that these jobs began with. */
    Set<Integer> hadoopVersions() {
        Set<Integer> versions = new HashSet<>();
        jobs.values().forEach(job -> versions.add(job.hadoop().version()));
        return versions;
    }

    void remove(int job) {
        jobs.remove(job);
    }

    void launched(TaskAttemptId id, JobRun job, String runner) {
        attempts.put(id, new Attempt(job, runner));
        job.launched(id);
    }

    /** The job that this running attempt was launched for. */
    Optional<JobRun> jobOf(TaskAttemptId id) {
        return Optional.ofNullable(attempts.get(id)).map(Attempt::job);
    }

    void ended(TaskAttemptId id, boolean failed) {
        Attempt attempt = attempts.remove(id);
        if (attempt != null) {
            attempt.job().ended(id, failed);
        }
    }

    /** How many attempts run on this runner. */
    long countOn(String runner) {
        return attempts.values().stream()
                .filter(attempt -> attempt.runner().equals(runner))
                .count();
    }

    void runnerLost(String runner) {
        List<TaskAttemptId> lost = new ArrayList<>();
        for (Map.Entry<TaskAttemptId, Attempt> entry : attempts.entrySet()) {
            if (entry.getValue().runner().equals(runner)) {
                lost.add(entry.getKey());
            }
        }
        for (TaskAttemptId id : lost) {
            ended(id, true);
        }
    }

    /** Results that this runner held and that no driver has begun to read. */
    List<SchedulerEvent.ResultLost> resultsLost(String runner, String reason) {
        List<SchedulerEvent.ResultLost> lost = new ArrayList<>();
        for (JobRun job : jobs.values()) {
            for (TaskAttemptId id : job.feed().lose(runner)) {
                lost.add(new SchedulerEvent.ResultLost(job.spec().job(), id, "its result is lost: " + reason));
            }
        }
        return lost;
    }

    /** The result that nobody will take when the scheduler did not accept this success. */
    static Optional<ResultRef> unclaimed(RunnerEvent.TaskSucceeded success) {
        return success.result().filter(ref -> !ref.isInline());
    }
}
