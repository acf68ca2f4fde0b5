package io.weft.master.app;

import io.weft.master.backend.Backend;
import io.weft.master.backend.BackendListener;
import io.weft.master.jobs.CachedBlocks;
import io.weft.master.jobs.JobFailure;
import io.weft.master.jobs.JobRun;
import io.weft.master.jobs.Stacks;
import io.weft.master.jobs.Submitter;
import io.weft.master.scheduler.Scheduler;
import io.weft.master.scheduler.SchedulerAction;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.master.scheduler.SchedulerSettings;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.ToLongFunction;

/**
 * The one thread that owns the scheduler: takes messages in order, gives the scheduler its events, performs the actions that come
 * back, and logs both. Messages come from any thread; a failure of ours ends every job, never the thread.
 */
public final class AppLoop implements BackendListener, Submitter {
    /** What the thread has to do, in the order it was asked for. */
    private sealed interface Message {
        record Scheduled(SchedulerEvent event) implements Message {}

        record FromRunner(String runner, RunnerEvent event) implements Message {}

        record Submit(JobRun job) implements Message {}

        record Cancel(int job, JobFailure blame) implements Message {}

        record ToRunner(String runner, RunnerCommand command) implements Message {}

        record AddFile(RunnerCommand.AddFile file) implements Message {}

        record DropCached(int rdd) implements Message {}

        record ForgetBroadcast(int broadcast) implements Message {}

        record Executors(CompletableFuture<List<Map<String, Object>>> answer) implements Message {}

        record Broken(JobFailure failure) implements Message {}

        record Configure(SchedulerSettings settings, Optional<Allocation> allocation) implements Message {}

        record Follow(int profile, Allocation allocation) implements Message {}

        record Look() implements Message {}

        record Stop() implements Message {}
    }

    private static final long ANSWER_SECONDS = 10;
    private static final Message LOOK = new Message.Look();

    private Scheduler scheduler;
    /** All and only runners that are not lost, as they came. */
    private final Map<String, SchedulerEvent.RunnerRegistered> runners = new LinkedHashMap<>();

    private final Backend backend;
    private final EventLog log;
    private final RunningJobs jobs = new RunningJobs();
    private final ActionPerformer performer;
    private final Broadcasts broadcasts;
    private final WorkerReports reports;
    private final LinkedBlockingQueue<Message> messages = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::run, "weft-app");
    /** Why no job can run any more, once that is so. */
    private Optional<JobFailure> broken = Optional.empty();

    private final CachedBlocks cached;
    private final KeptCopies copies;
    /** A job was submitted. */
    private boolean used;

    private final Elasticity elasticity;

    /** {@code driver}: the interpreter that workers must agree with; {@code printed}: where users' lines go. */
    AppLoop(
            Scheduler scheduler,
            Backend backend,
            EventLog log,
            DriverPython driver,
            PrintedLines printed,
            CachedBlocks cached,
            ToLongFunction<String> blockLengths) {
        this.cached = cached;
        this.scheduler = scheduler;
        this.backend = backend;
        this.log = log;
        broadcasts = new Broadcasts(backend, blockLengths);
        copies = new KeptCopies(backend, cached);
        performer = new ActionPerformer(backend, jobs);
        reports = new WorkerReports(driver, printed, jobs);
        elasticity = new Elasticity(() -> this.scheduler, backend, cached, jobs);
        thread.setDaemon(true);
    }

    /** From now on runners of this profile come and go with the work; none of them is there yet. */
    void follow(int profile, Allocation allocation) {
        messages.add(new Message.Follow(profile, allocation));
    }

    /** Schedules by other settings, and has as many runners as these say, if no job was submitted yet. */
    void configure(SchedulerSettings settings, Optional<Allocation> allocation) {
        messages.add(new Message.Configure(settings, allocation));
    }

    void start() {
        thread.start();
    }

    @Override
    public void scheduler(SchedulerEvent event) {
        messages.add(new Message.Scheduled(event));
    }

    @Override
    public void runner(String runner, RunnerEvent event) {
        messages.add(new Message.FromRunner(runner, event));
    }

    @Override
    public void broken(String code, int exit, String message) {
        messages.add(new Message.Broken(JobFailure.of(code, exit, "external", message)));
    }

    @Override
    public void submit(JobRun job) {
        messages.add(new Message.Submit(job));
    }

    @Override
    public void cancel(int job, JobFailure blame) {
        messages.add(new Message.Cancel(job, blame));
    }

    @Override
    public void release(ResultRef ref) {
        if (!ref.isInline()) {
            messages.add(new Message.ToRunner(ref.runner(), new RunnerCommand.ReleaseBlock(ref.block())));
        }
    }

    @Override
    public String waiting() {
        return backend.waiting();
    }

    @Override
    public void forgetBroadcast(int broadcast) {
        messages.add(new Message.ForgetBroadcast(broadcast));
    }

    void addFile(RunnerCommand.AddFile file) {
        messages.add(new Message.AddFile(file));
    }

    /** Host, cached bytes and running tasks of each runner; none when the loop has ended. */
    List<Map<String, Object>> executors() {
        CompletableFuture<List<Map<String, Object>>> answer = new CompletableFuture<>();
        messages.add(new Message.Executors(answer));
        try {
            return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return List.of();
        } catch (ExecutionException | TimeoutException silent) {
            return List.of();
        }
    }

    @Override
    public void dropCached(int rdd) {
        messages.add(new Message.DropCached(rdd));
    }

    /** Ends the thread after what is queued; waits for it, at most this long. */
    void stop(long timeoutMillis) throws InterruptedException {
        messages.add(new Message.Stop());
        thread.join(Math.max(1, timeoutMillis));
    }

    private void run() {
        try {
            Message message = next();
            while (!(message instanceof Message.Stop)) {
                perform(message);
                if (elasticity.isFollowing()) {
                    perform(LOOK);
                }
                message = next();
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        } finally {
            log.close();
        }
    }

    /** The next message, or a tick when the scheduler asked to be woken, or a look at the runners, and nothing came first. */
    private Message next() throws InterruptedException {
        long lookAt = elasticity.lookMillis();
        long wakeAt = Math.min(performer.wakeAtMillis(), lookAt);
        long left = wakeAt == Long.MAX_VALUE ? Long.MAX_VALUE : wakeAt - System.currentTimeMillis();
        if (left > 0) {
            Message message = left == Long.MAX_VALUE ? messages.take() : messages.poll(left, TimeUnit.MILLISECONDS);
            if (message != null) {
                return message;
            }
        }
        if (lookAt < performer.wakeAtMillis()) {
            return LOOK;
        }
        performer.wokeUp();
        return new Message.Scheduled(new SchedulerEvent.Tick());
    }

    private void perform(Message message) {
        try {
            dispatch(message);
        } catch (RuntimeException | Error defect) {
            log.note(System.currentTimeMillis(), "defect while handling " + message + ": " + Stacks.text(defect));
            String text = "Weft failed while it scheduled: " + Stacks.message(defect)
                    + ". Start a new context; please report this.";
            broken = Optional.of(JobFailure.of("", 7, "internal", text, defect));
            for (JobRun job : jobs.all()) {
                jobs.remove(job.spec().job());
                job.end(broken);
            }
        }
    }

    private void dispatch(Message message) {
        if (message instanceof Message.Scheduled scheduled) {
            schedule(scheduled.event());
        } else if (message instanceof Message.FromRunner report) {
            fromRunner(report.runner(), report.event());
        } else if (message instanceof Message.Submit submit) {
            submitted(submit.job());
        } else if (message instanceof Message.Cancel cancel) {
            cancelled(cancel.job(), cancel.blame());
        } else if (message instanceof Message.ToRunner command) {
            backend.send(command.runner(), command.command());
        } else if (message instanceof Message.AddFile add) {
            performer.addFile(add.file());
        } else if (message instanceof Message.DropCached drop) {
            cached.drop(drop.rdd());
            performer.dropKept(drop.rdd());
            planAgain();
        } else if (message instanceof Message.ForgetBroadcast forget) {
            broadcasts.forget(forget.broadcast());
        } else if (message instanceof Message.Executors asked) {
            asked.answer().complete(reports.executors(cached));
        } else if (message instanceof Message.Configure configure) {
            configured(configure.settings(), configure.allocation());
        } else if (message instanceof Message.Look) {
            elasticity.look(System.currentTimeMillis()).forEach(this::schedule);
        } else if (message instanceof Message.Follow follow) {
            elasticity.follow(follow.profile(), follow.allocation());
        } else if (message instanceof Message.Broken because) {
            becameBroken(because.failure());
        }
    }

    private void configured(SchedulerSettings settings, Optional<Allocation> allocation) {
        if (used) {
            return;
        }
        scheduler = new Scheduler(settings);
        elasticity.leave(0);
        allocation.ifPresent(one -> elasticity.follow(0, one));
        long now = System.currentTimeMillis();
        for (SchedulerEvent.RunnerRegistered runner : runners.values()) {
            scheduler.handle(runner, now);
            elasticity.hear(runner, now);
        }
    }

    private void becameBroken(JobFailure failure) {
        log.note(System.currentTimeMillis(), "broken: " + failure.message());
        broken = Optional.of(broken.orElse(failure));
        for (JobRun job : jobs.all()) {
            cancelled(job.spec().job(), failure);
        }
    }

    private void submitted(JobRun job) {
        if (broken.isPresent()) {
            job.end(broken);
            return;
        }
        jobs.add(job);
        used = true;
        // what it relies on may have been lost since it was planned
        schedule(new SchedulerEvent.JobSubmitted(
                job.spec().job(),
                job.planAgain().orElse(job.spec().graph()),
                job.spec().group()));
    }

    /** Called after each loss of persisted partitions: jobs that were to read them need their lineage now. */
    private void planAgain() {
        for (JobRun job : jobs.all()) {
            job.planAgain()
                    .ifPresent(graph ->
                            schedule(new SchedulerEvent.JobExtended(job.spec().job(), graph)));
        }
    }

    private void cancelled(int job, JobFailure blame) {
        if (blame != null) {
            jobs.job(job).ifPresent(run -> run.blame(blame));
        }
        String reason = blame == null ? "the driver closed its connection" : blame.message();
        schedule(new SchedulerEvent.JobCancelled(job, reason));
    }

    private void fromRunner(String runner, RunnerEvent event) {
        elasticity.hear(runner, event, System.currentTimeMillis());
        if (event instanceof RunnerEvent.WorkerRegistered worker) {
            reports.conflict(runner, worker).ifPresent(this::becameBroken);
            return;
        }
        if (event instanceof RunnerEvent.BroadcastWanted wanted) {
            broadcasts.wanted(runner, wanted);
            return;
        }
        if (event instanceof RunnerEvent.Printed printed) {
            reports.print(printed);
            return;
        }
        if (event instanceof RunnerEvent.RecordsRejected rejected) {
            performer.rejected(rejected);
            return;
        }
        if (event instanceof RunnerEvent.FilesLeftOut leftOut) {
            performer.leftOut(leftOut);
            return;
        }
        if (event instanceof RunnerEvent.PartitionsKept kept) {
            kept.partitions().forEach(partition -> performer.forgetKept(cached.add(partition)));
            copies.ask();
            planAgain();
            return;
        }
        if (event instanceof RunnerEvent.KeptCopied copied) {
            copies.copied(copied.copy());
            return;
        }
        if (event instanceof RunnerEvent.FetchFailed failed) {
            failed.lost().stream().filter(MapOutputId::isKept).forEach(id -> cached.lost(id.keptRdd(), id.map())
                    .ifPresent(gone -> performer.forgetKept(List.of(gone))));
            planAgain();
        }
        if (event instanceof RunnerEvent.TaskSucceeded success) {
            performer.offer(success);
        }
        reports.ended(event);
        schedule(WorkerReports.translate(event));
        if (event instanceof RunnerEvent.FetchFailed failed) {
            stopIfOutOfReach(failed);
        }
        performer.judged().forEach(this::schedule);
        performer.takeTooLarge().ifPresent(one -> cancelled(one.getKey(), one.getValue()));
        if (event instanceof RunnerEvent.TaskSucceeded done) {
            performer.forgetRejected(done.id());
        } else if (event instanceof RunnerEvent.TaskCancelled done) {
            performer.forgetRejected(done.id());
        } else if (event instanceof RunnerEvent.TaskFailed done) {
            performer.forgetRejected(done.id());
        }
    }

    /** A task that could not read a persisted partition; where nothing tells how to make it, others would fare no better. */
    private void stopIfOutOfReach(RunnerEvent.FetchFailed failed) {
        if (failed.lost().stream().allMatch(MapOutputId::isKept)) {
            jobs.jobOf(failed.id()).ifPresent(job -> job.tasks()
                    .outOfReach()
                    .ifPresent(why -> cancelled(job.spec().job(), why)));
        }
    }

    private void schedule(SchedulerEvent event) {
        long now = System.currentTimeMillis();
        if (event instanceof SchedulerEvent.RunnerRegistered registered) {
            runners.put(registered.runner(), registered);
            reports.registered(registered.runner(), registered.host());
            performer.runnerRegistered(registered.runner());
            copies.registered(registered.runner(), registered.host());
        } else if (event instanceof SchedulerEvent.RunnerLost lost) {
            runners.remove(lost.runner());
            performer.runnerLost(lost.runner());
            reports.lost(lost.runner());
            cached.runnerLost(lost.runner());
            copies.lost(lost.runner());
            planAgain();
            broadcasts.runnerLost(lost.runner());
        }
        log.event(now, event);
        elasticity.hear(event, now);
        for (SchedulerAction action : scheduler.handle(event, now)) {
            log.action(now, action);
            performer.perform(action);
            elasticity.hear(action, now);
        }
        if (event instanceof SchedulerEvent.RunnerLost lost) {
            jobs.resultsLost(lost.runner(), lost.reason()).forEach(this::schedule);
        }
    }
}
