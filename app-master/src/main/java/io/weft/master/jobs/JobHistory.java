package io.weft.master.jobs;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the driver may ask of its jobs: those that run, and the {@link #MAX_ENDED} that have ended last, of which only the numbers are
 * kept. Any thread.
 */
public final class JobHistory {
    static final int MAX_ENDED = 200;

    /** A job as it is now; {@code tags} with commas between. */
    public record Known(int job, String group, String tags, String status, List<StageProgress> stages) {
        boolean isRunning() {
            return status.equals("RUNNING");
        }
    }

    private record Running(JobRun run, String tags) {}

    private final Map<Integer, Running> running = new LinkedHashMap<>();
    private final Map<Integer, Known> ended = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Known> eldest) {
            return size() > MAX_ENDED;
        }
    };

    /** Finished tasks of jobs that have ended; nobody waits for what those left undone. */
    private long doneBefore;

    private long knownTasks;
    private double share;

    synchronized void started(JobRun run, String tags) {
        running.put(run.spec().job(), new Running(run, tags));
    }

    /** Nobody answers the driver of this job any more. */
    synchronized void closed(int job) {
        Running last = running.remove(job);
        if (last != null) {
            Known now = known(last);
            String status = now.isRunning() ? "FAILED" : now.status();
            List<StageProgress> stages =
                    now.stages().stream().map(StageProgress::ended).toList();
            ended.put(job, new Known(job, now.group(), now.tags(), status, stages));
            stages.forEach(stage -> doneBefore += stage.done());
        }
    }

    /**
     * Which share of the tasks known so far is done: those of all stages of running jobs, and of jobs that have ended what they did. It
     * falls when a job brings more tasks, and not when lost ones run again; 0 before any.
     */
    public synchronized double share() {
        long done = doneBefore;
        long known = doneBefore;
        for (Running job : running.values()) {
            for (StageProgress stage : job.run().stages()) {
                done += Math.min(stage.done(), stage.tasks());
                known += stage.tasks();
            }
        }
        double now = known == 0 ? 0 : (double) done / known;
        share = known > knownTasks ? now : Math.max(share, now);
        knownTasks = known;
        return share;
    }

    /** Jobs of a group, in the order of their submission; "": those of none. */
    public synchronized List<Integer> ofGroup(String group) {
        return all().filter(job -> job.group().equals(group)).map(Known::job).toList();
    }

    public synchronized List<Integer> active() {
        return all().filter(Known::isRunning).map(Known::job).toList();
    }

    /** Running jobs that have this tag. */
    public synchronized List<Integer> activeWithTag(String tag) {
        return all().filter(job ->
                        job.isRunning() && List.of(job.tags().split(",", -1)).contains(tag))
                .map(Known::job)
                .toList();
    }

    /** Stages with running tasks. */
    public synchronized List<Integer> activeStages() {
        List<Integer> active = new ArrayList<>();
        all().filter(Known::isRunning).forEach(job -> job.stages().stream()
                .filter(stage -> stage.running() > 0)
                .forEach(stage -> active.add(stage.id())));
        return active;
    }

    public synchronized Optional<Known> job(int id) {
        return all().filter(job -> job.job() == id).findFirst();
    }

    public synchronized Optional<StageProgress> stage(int id) {
        return all().flatMap(job -> job.stages().stream())
                .filter(stage -> stage.id() == id)
                .findFirst();
    }

    private Stream<Known> all() {
        return Stream.concat(ended.values().stream(), running.values().stream().map(JobHistory::known));
    }

    private static Known known(Running job) {
        JobRun run = job.run();
        String status = run.ended()
                .map(end -> end.failure().isPresent() ? "FAILED" : "SUCCEEDED")
                .orElse("RUNNING");
        return new Known(run.spec().job(), run.spec().group(), job.tags(), status, run.stages());
    }
}
