package io.weft.master.jobs;

import io.weft.master.results.ResultFeed;
import io.weft.master.results.UpdateFeed;
import io.weft.master.stages.JobPlan;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import io.weft.master.stages.StageOutput;
import io.weft.runner.protocol.HadoopChanges;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskStats;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One job on its way: what the loop thread reports of it, and what the thread that answers the driver takes from it. Every method may
 * be called by any thread. After {@link #end} nothing changes any more.
 */
public final class JobRun {
    /** How a job ended; {@code failure} is empty when it succeeded. */
    public record End(Optional<JobFailure> failure) {}

    /** What a job's successful attempts add up to. {@code retries}: attempts that failed; {@code stages}: those that ran. */
    public record Totals(TaskStats stats, int tasks, int retries, int stages) {}

    /**
     * What a job is: ids in the application, and what the scheduler is told.
     *
     * @param action the action with its line, such as {@code collect at etl.py:80}
     * @param collects whether the driver wants the records
     */
    public record Spec(
            int job, String action, StageGraph graph, String group, List<Integer> resultPartitions, boolean collects) {
        public Spec {
            Objects.requireNonNull(action, "action is null");
            Objects.requireNonNull(graph, "graph is null");
            Objects.requireNonNull(group, "group is null");
            resultPartitions = List.copyOf(resultPartitions);
        }
    }

    /** Files that the driver is told of. */
    private static final int MOST_LEFT_OUT = 10_000;

    private static final class Counts {
        private final Stage stage;
        private final int position;
        private boolean started;
        private int done;
        private int running;
        private int failed;

        Counts(Stage stage, int position) {
            this.stage = stage;
            this.position = position;
        }
    }

    private final Spec spec;
    private final TaskSpecs tasks;
    private final ResultFeed feed;
    private final UpdateFeed updates;
    private final long maxResultBytes;
    private final Runnable wakeup;
    private final Map<Integer, Counts> stages = new LinkedHashMap<>();
    private TaskStats stats = TaskStats.NONE;
    private int accepted;
    private int retries;
    private Rejects rejects = Rejects.NONE;
    private HadoopChanges hadoop = HadoopChanges.NONE;
    private boolean commitWanted;
    /** What else the driver adds up, by the name it has there. */
    private final Map<String, Long> counters = new LinkedHashMap<>();

    /** Damaged files whose rest was left out: by path, what is wrong. */
    private final Map<String, String> leftOut = new LinkedHashMap<>();

    private JobFailure override;
    private End end;

    /**
     * @param updates what tasks add to accumulators, for the driver
     * @param maxResultBytes limit of the results' sum, 0 for none
     * @param wakeup called after each change that the answering thread waits for; must not block
     */
    public JobRun(
            Spec spec, TaskSpecs tasks, ResultFeed feed, UpdateFeed updates, long maxResultBytes, Runnable wakeup) {
        this.spec = spec;
        this.tasks = tasks;
        this.feed = feed;
        this.updates = updates;
        this.maxResultBytes = maxResultBytes;
        this.wakeup = wakeup;
        addStages(spec.graph());
    }

    private void addStages(StageGraph graph) {
        for (Stage stage : graph.stages()) {
            stages.putIfAbsent(stage.id(), new Counts(stage, stages.size() + 1));
        }
    }

    /** The job's graph with more stages, when something is lost that was to be read. For the loop thread. */
    public Optional<StageGraph> planAgain() {
        Optional<StageGraph> graph = tasks.planAgain().map(JobPlan::graph);
        graph.ifPresent(extended -> {
            synchronized (this) {
                addStages(extended);
            }
        });
        return graph;
    }

    /** The operation that reads a map stage's outputs, such as {@code reduceByKey at etl.py:60}; "" of others. */
    public String feeds(int stage) {
        JobPlan plan = tasks.plan();
        StageOutput output = plan.outputs().get(stage);
        return output instanceof StageOutput.ShuffleWrite write
                ? plan.layout().plan().node(write.shuffle()).origin().toString()
                : "";
    }

    public Spec spec() {
        return spec;
    }

    public TaskSpecs tasks() {
        return tasks;
    }

    public ResultFeed feed() {
        return feed;
    }

    public UpdateFeed updates() {
        return updates;
    }

    /** The stage of this id with its number in the job, or empty when it is not of this job. */
    public synchronized Optional<Stage> stage(int id) {
        return Optional.ofNullable(stages.get(id)).map(counts -> counts.stage);
    }

    /** A stage's number in the job, from 1; 0 when it is not of this job. */
    public synchronized int position(int stage) {
        Counts counts = stages.get(stage);
        return counts == null ? 0 : counts.position;
    }

    /** The stage begins, or begins again, with so many tasks to do. */
    public synchronized void stageStarted(int stage, int tasks) {
        Counts counts = stages.get(stage);
        if (counts != null) {
            counts.started = true;
            counts.done = counts.stage.partitions().size() - tasks;
        }
    }

    public synchronized void launched(TaskAttemptId id) {
        Counts counts = stages.get(id.stage());
        if (counts != null) {
            counts.started = true;
            counts.running++;
        }
    }

    /** An attempt ended in any way, accepted or not. */
    public synchronized void ended(TaskAttemptId id, boolean failed) {
        Counts counts = stages.get(id.stage());
        if (counts != null) {
            counts.running--;
            notifyAll();
            if (failed) {
                counts.failed++;
                retries++;
            }
        }
    }

    /** The scheduler took this attempt's work. */
    public synchronized void accepted(TaskAttemptId id, TaskStats added) {
        Counts counts = stages.get(id.stage());
        if (counts != null) {
            counts.done++;
        }
        accepted++;
        stats = accepted == 1 ? added : stats.plus(added);
    }

    /** What the program has changed in Hadoop's configuration before this job; told before it is submitted. */
    synchronized void hadoop(HadoopChanges changes) {
        hadoop = changes;
    }

    public synchronized HadoopChanges hadoop() {
        return hadoop;
    }

    /** What the job's steps may reject; told before the job is submitted. */
    synchronized void limit(Rejects budget) {
        rejects = budget;
    }

    public synchronized Rejects rejects() {
        return rejects;
    }

    /** Adds to a number that the driver sums up over its jobs; 0 leaves no trace. */
    public synchronized void count(String name, long more) {
        if (more != 0) {
            counters.merge(name, more, Long::sum);
        }
    }

    /** A task that counts has left out the rest of these files; of a file in several tasks the first reason is kept. */
    public synchronized void leftOut(Map<String, String> files) {
        files.forEach((path, why) -> {
            if (leftOut.size() < MOST_LEFT_OUT || leftOut.containsKey(path)) {
                leftOut.putIfAbsent(path, why);
            }
        });
    }

    /** Damaged files whose rest was left out: by path, what is wrong. */
    public synchronized Map<String, String> leftOut() {
        return new LinkedHashMap<>(leftOut);
    }

    /** What {@link #count} has added up. */
    public synchronized Map<String, Long> counters() {
        return new LinkedHashMap<>(counters);
    }

    /** Takes a result for the driver; false when nobody wants it, so that the caller gives it back. */
    public boolean offer(TaskAttemptId id, ResultRef result) throws IOException {
        if (!spec.collects() || !feed.offer(id, result)) {
            return false;
        }
        wakeup.run();
        return true;
    }

    /** Why the driver may not be sent what there is by now (E20), if so. */
    public Optional<JobFailure> tooLarge() {
        if (maxResultBytes > 0 && feed.totalBytes() > maxResultBytes) {
            return Optional.of(JobFailures.resultTooLarge(this, feed.totalBytes(), maxResultBytes));
        }
        return Optional.empty();
    }

    /** The scheduler wants the job's output committed. */
    public void wantCommit() {
        synchronized (this) {
            commitWanted = true;
        }
        wakeup.run();
    }

    /** True once after {@link #wantCommit}. */
    public synchronized boolean takeCommitWanted() {
        boolean wanted = commitWanted;
        commitWanted = false;
        return wanted;
    }

    /** The job will be cancelled for this reason, which is what the driver is told instead of the cancellation. */
    public synchronized void blame(JobFailure failure) {
        if (override == null) {
            override = failure;
        }
    }

    public void end(Optional<JobFailure> failure) {
        synchronized (this) {
            if (end != null) {
                return;
            }
            end = new End(failure.isPresent() && override != null ? Optional.of(override) : failure);
            notifyAll();
        }
        wakeup.run();
    }

    /** How it ended, if it did. */
    public synchronized Optional<End> ended() {
        return Optional.ofNullable(end);
    }

    /** Waits for the end; empty when it does not come in time. */
    public synchronized Optional<End> awaitEnd(long timeoutMillis) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        while (end == null) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return Optional.empty();
            }
            wait(left);
        }
        return Optional.of(end);
    }

    /** Waits until no attempt runs any more; false when that does not come in time. */
    public synchronized boolean awaitQuiet(long timeoutMillis) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        while (stages.values().stream().anyMatch(counts -> counts.running > 0)) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    public synchronized Totals totals() {
        int ran = 0;
        for (Counts counts : stages.values()) {
            ran += counts.done > 0 ? 1 : 0;
        }
        return new Totals(stats, accepted, retries, ran);
    }

    /** The stages that have started, in order. */
    public synchronized List<StageProgress> progress() {
        return progress(false);
    }

    /** All stages, in order. */
    public synchronized List<StageProgress> stages() {
        return progress(true);
    }

    private List<StageProgress> progress(boolean all) {
        List<StageProgress> found = new ArrayList<>();
        for (Counts counts : stages.values()) {
            if (all || counts.started) {
                Stage stage = counts.stage;
                found.add(new StageProgress(
                        stage.id(),
                        counts.position,
                        stages.size(),
                        stage.name(),
                        stage.site(),
                        stage.partitions().size(),
                        counts.done,
                        Math.max(0, counts.running),
                        counts.failed));
            }
        }
        return found;
    }
}
