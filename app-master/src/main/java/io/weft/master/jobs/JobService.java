package io.weft.master.jobs;

import io.weft.master.config.HadoopConf;
import io.weft.master.plan.InvalidPlanException;
import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanAction;
import io.weft.master.plan.PlanDecoder;
import io.weft.master.plan.PlanNode;
import io.weft.master.results.ResultFeed;
import io.weft.master.results.UpdateFeed;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.master.splits.FormatSplit;
import io.weft.master.splits.SourceSplit;
import io.weft.master.splits.Split;
import io.weft.master.splits.SplitException;
import io.weft.master.stages.JobPlan;
import io.weft.master.stages.Layout;
import io.weft.master.stages.Profiles;
import io.weft.master.stages.SourceFacts;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StagePlanner;
import io.weft.master.tasks.TaskTrees;
import io.weft.runner.output.OutputException;
import io.weft.runner.output.SavedOutput;
import io.weft.runner.output.StagedName;
import io.weft.runner.protocol.OutputSpec;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import org.apache.hadoop.conf.Configuration;

/**
 * Takes plans, checks what can be checked before anything runs (E02, E03), and submits jobs. Called by the threads that answer the
 * driver; any of them.
 */
public final class JobService {
    private volatile JobSettings settings;
    private final HadoopConf hadoop;
    private final Submitter submitter;
    private final SharedFiles files;
    private volatile SplitCache splits;
    private final CachedBlocks cached;
    private volatile Profiles profiles = Profiles.NONE;
    private final Lineages lineages = new Lineages();
    private final JobHistory history = new JobHistory();
    private final FutureTask<PlanDecoder> decoder = new FutureTask<>(PlanDecoder::new);
    /** Guards the two numbers below. */
    private final Object numbers = new Object();

    /** Tells what this ApplicationMaster makes from what an earlier one of the application has left. */
    private final String session = UUID.randomUUID().toString().substring(0, 8);

    private int nextJob;
    private int nextStage;

    public JobService(
            JobSettings settings, HadoopConf hadoop, Submitter submitter, SharedFiles files, CachedBlocks cached) {
        this.cached = cached;
        this.settings = settings;
        this.hadoop = hadoop;
        this.submitter = submitter;
        this.files = files;
        splits = new SplitCache(settings.files());
    }

    /** Takes the program's profiles from there. Before the first job. */
    public void profiles(Profiles source) {
        profiles = source;
    }

    /** Takes other settings, before the first job. */
    public void configure(JobSettings changed) {
        settings = changed;
        splits = new SplitCache(changed.files());
    }

    /** Loads what the first plan needs; for a thread that has nothing better to do. */
    public void prepare() {
        decoder.run();
    }

    /** Has the nodes remove a broadcast; a task that needs it fetches it again, if the driver has not destroyed it. */
    public void forgetBroadcast(int broadcast) {
        submitter.forgetBroadcast(broadcast);
    }

    /** The driver has dropped the RDD of this shuffle. */
    public void dropShuffle(int shuffle) {
        submitter.scheduler(new SchedulerEvent.ShuffleDropped(shuffle));
    }

    /** The driver has this RDD persisted no more. */
    public void dropCached(int rdd) {
        lineages.drop(rdd);
        submitter.dropCached(rdd);
    }

    /** How many partitions the plan's result node has. */
    public int partitions(byte[] planBytes) throws JobException {
        Plan plan = decode(planBytes);
        Map<Integer, SourceFacts> facts = new LinkedHashMap<>();
        splits(plan, hadoop().configuration())
                .forEach((node, all) -> facts.put(
                        node,
                        new SourceFacts(all.stream().map(SourceSplit::hosts).toList())));
        try {
            return new Layout(plan, facts, cached, profiles).partitions(plan.result());
        } catch (InvalidPlanException error) {
            throw invalid(error);
        }
    }

    /**
     * Starts a job. The caller answers its driver from the {@link ActiveJob}, and closes it in the end.
     *
     * @param wakeup called when there is something new to answer; must not block
     */
    public ActiveJob start(byte[] planBytes, Runnable wakeup) throws JobException {
        Plan plan = decode(planBytes);
        HadoopConf.Snapshot conf = hadoop();
        Fragment result = lineages.add(plan, splits(plan, conf.configuration()));
        cached.learn(plan);
        JobLineage lineage = new JobLineage(plan, result, cached);
        TaskTrees trees;
        try {
            trees = plan(lineage, Map.of());
        } catch (InvalidPlanException error) {
            throw invalid(error);
        }
        Optional<JobFailure> gone = lineage.outOfReach();
        if (gone.isPresent()) {
            throw new JobException(gone.get());
        }
        int job;
        synchronized (numbers) {
            job = nextJob;
            nextJob++;
        }
        JobPlan planned = trees.job();
        StagedName name = new StagedName(settings.application(), session, job);
        Optional<Saves.Prepared> prepared =
                new Saves(conf.configuration(), settings.files().validateOutput()).prepare(plan, name);
        Optional<OutputSpec> save = prepared.map(Saves.Prepared::spec);
        Optional<SavedOutput> output = prepared.map(Saves.Prepared::output);
        List<Stage> stages = planned.graph().stages();
        JobRun.Spec spec = new JobRun.Spec(
                job,
                plan.name() + " at " + plan.site(),
                planned.graph(),
                plan.properties().getOrDefault("weft.job.group", ""),
                stages.get(stages.size() - 1).partitions(),
                plan.action() instanceof PlanAction.Collect);
        ResultFeed feed = new ResultFeed(
                spec.resultPartitions(),
                stages.get(stages.size() - 1).barrier(),
                settings.folder().resolve("job-" + job + ".results"));
        PlannedTasks.Planning planning = new PlannedTasks.Planning(lineage, this::plan);
        Rejects rejects = rejects(planned.layout().plan(), job, conf.configuration());
        Map<String, String> properties = new LinkedHashMap<>(plan.properties());
        properties.putAll(rejects.properties());
        if (settings.taskCpus() > 1) {
            properties.put("weft.task.cpus", String.valueOf(settings.taskCpus()));
        }
        PlannedTasks tasks = new PlannedTasks(job, trees, planning, save, settings, files, properties);
        UpdateFeed updates = new UpdateFeed(settings.folder().resolve("job-" + job + ".updates"));
        JobRun run = new JobRun(spec, tasks, feed, updates, settings.maxResultBytes(), wakeup);
        run.limit(rejects);
        run.hadoop(conf.changes());
        run.count("skippedFiles", skipped(plan));
        ActiveJob active = new ActiveJob(run, output, submitter, history);
        submitter.submit(run);
        history.started(run, plan.properties().getOrDefault("weft.job.tags", ""));
        return active;
    }

    /** Whether there ever was a job. */
    public boolean haveStarted() {
        synchronized (numbers) {
            return nextJob > 0;
        }
    }

    /** What is known of jobs, running and ended. */
    public JobHistory history() {
        return history;
    }

    /** Plans a job, or plans it again; {@code known}: ids of the stages that it has, by the shuffle that they write. */
    private TaskTrees plan(JobLineage lineage, Map<Integer, Integer> known) {
        JobLineage.Opened opened = lineage.open();
        Layout layout = new Layout(opened.plan(), opened.facts(), cached, profiles);
        lineage.counted(layout);
        JobPlan planned;
        synchronized (numbers) {
            planned = StagePlanner.plan(layout, known, nextStage, settings.taskCpus());
            nextStage += planned.graph().stages().size() - known.size();
        }
        return new TaskTrees(planned, opened.inputs(), cached);
    }

    private Plan decode(byte[] planBytes) throws JobException {
        decoder.run();
        try {
            return decoder.get().decode(planBytes);
        } catch (InvalidPlanException error) {
            throw invalid(error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new JobException(JobFailure.of("", 7, "internal", "The gateway is stopping."));
        } catch (java.util.concurrent.ExecutionException failed) {
            throw new JobException(
                    JobFailure.of("", 7, "internal", Stacks.message(failed.getCause()), failed.getCause()));
        }
    }

    private static JobException invalid(InvalidPlanException error) {
        int exit = error.code().equals("E11") ? 5 : error.code().equals("E17") ? 2 : 1;
        return new JobException(JobFailure.of(error.code(), exit, "user", Stacks.message(error), error));
    }

    /** Of a plan's files, by node id. */
    private Map<Integer, List<? extends SourceSplit>> splits(Plan plan, Configuration conf) throws JobException {
        Map<Integer, List<? extends SourceSplit>> found = new LinkedHashMap<>();
        for (PlanNode node : plan.nodes()) {
            if (node instanceof PlanNode.TextSource source) {
                found.put(node.id(), list(source, conf));
            } else if (node instanceof PlanNode.FormatSource source) {
                found.put(node.id(), list(source, conf));
            }
        }
        return found;
    }

    private HadoopConf.Snapshot hadoop() throws JobException {
        try {
            return hadoop.now();
        } catch (IllegalArgumentException error) {
            throw new JobException(JobFailure.of("E17", 2, "user", error.getMessage(), error));
        }
    }

    private Rejects rejects(Plan plan, int job, Configuration conf) throws JobException {
        try {
            return Rejects.of(plan, settings.application(), job, () -> conf);
        } catch (OutputException error) {
            throw new JobException(JobFailure.of(error.code(), error.exitCode(), "output", error.getMessage(), error));
        } catch (IOException error) {
            throw new JobException(JobFailure.of("", 7, "output", Stacks.message(error), error));
        }
    }

    private int skipped(Plan plan) {
        int count = 0;
        for (PlanNode node : plan.nodes()) {
            count += node instanceof PlanNode.TextSource source ? splits.takeSkipped(source) : 0;
        }
        return count;
    }

    private List<Split> list(PlanNode.TextSource source, Configuration conf) throws JobException {
        return listing(source.paths(), source, () -> splits.splits(source, conf));
    }

    private List<FormatSplit> list(PlanNode.FormatSource source, Configuration conf) throws JobException {
        String what = source.paths().orElse("the input of " + source.format().name());
        return listing(what, source, () -> splits.splits(source, conf));
    }

    private interface Listing<T> {
        List<T> list() throws IOException;
    }

    private static <T> List<T> listing(String what, PlanNode source, Listing<T> listing) throws JobException {
        try {
            return listing.list();
        } catch (SplitException error) {
            throw new JobException(JobFailure.of(error.code(), error.exitCode(), "input", error.getMessage(), error));
        } catch (IOException | RuntimeException error) {
            String text = what + " cannot be listed (" + source.origin() + "): " + Stacks.message(error);
            throw new JobException(JobFailure.of("", 7, "external", text, error));
        }
    }
}
