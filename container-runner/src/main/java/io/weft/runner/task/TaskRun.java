package io.weft.runner.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import io.weft.runner.protocol.TaskSpec;
import io.weft.runner.protocol.TaskStats;
import io.weft.runner.worker.ProcessMemory;
import io.weft.runner.worker.Worker;
import io.weft.runner.worker.WorkerPool;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * One task attempt, from its launch to the one event that ends it. {@link #execute} runs on the slot's thread; the runner's
 * thread cancels, grants and denies. Invariant: exactly one ending event is reported, after the slot's worker is free again or
 * its successor on its way.
 */
public final class TaskRun implements MemoryWatch.Watched {
    private enum Phase {
        /** Nothing has been sent yet. */
        WAITING,
        /** A worker has the task; cancelling kills it. */
        RUNNING,
        /** The worker is done; what it made is being finished. */
        FINISHING,
        /** The ApplicationMaster has been asked for the commit. */
        ASKING,
        /** Granted; too late to cancel. */
        COMMITTING
    }

    /** A worker that died while it was idle has not seen the task: another gets it. */
    private static final int MAX_WORKERS_TRIED = 3;

    private final TaskSpec spec;
    private final Map<Integer, List<MapOutput>> outputs;
    private final CompletableFuture<Void> files;
    private final TaskServices services;

    /** Guarded by this object, as all below. */
    private Phase phase = Phase.WAITING;

    private boolean cancelled;
    private Optional<Boolean> granted = Optional.empty();
    private Optional<Worker> worker = Optional.empty();

    /** Ends the worker and has its slot served by another. */
    private Runnable abandon = () -> {};

    /** Why the runner killed the worker, when it did so by itself. */
    private Optional<TaskFailure> stopped = Optional.empty();

    private long peakBytes;
    private Optional<TaskConversation> conversation = Optional.empty();

    /**
     * Prepares an attempt.
     *
     * @param outputs the map outputs that each shuffle input reads, by the input's stream number
     * @param files completes when all files that were added before the launch are there
     */
    public TaskRun(
            TaskSpec spec,
            Map<Integer, List<MapOutput>> outputs,
            CompletableFuture<Void> files,
            TaskServices services) {
        this.spec = spec;
        this.outputs = Map.copyOf(outputs);
        this.files = files;
        this.services = services;
    }

    public TaskAttemptId id() {
        return spec.id();
    }

    /** Runs the attempt on the worker of {@code slot} and reports its end. */
    public void execute(WorkerPool pool, int slot) throws InterruptedException {
        RunnerEvent end;
        try {
            end = isCancelled() ? cancelledEvent() : runWithFiles(pool, slot);
        } catch (RuntimeException e) {
            end = failed(Failures.runner("the runner failed", e));
        } catch (Error e) {
            // a library that does not link, or Hadoop's FSError: without a report the job would wait for ever
            end = failed(Failures.runner("the runner failed", new IOException(e.toString(), e)));
        }
        services.reports().event(end);
    }

    /** Ends the attempt as cancelled, unless it is committing or over; a worker that runs it is killed at once. */
    public void cancel() {
        Runnable end;
        synchronized (this) {
            if (cancelled || phase == Phase.COMMITTING) {
                return;
            }
            cancelled = true;
            end = phase == Phase.RUNNING ? abandon : () -> {};
            notifyAll();
        }
        end.run(); // the slot is free as soon as the signal was sent: a large process takes its time to end
    }

    /** The answer to {@link RunnerEvent.CommitWanted}. */
    public synchronized void decideCommit(boolean grant) {
        if (phase == Phase.ASKING && granted.isEmpty()) {
            granted = Optional.of(grant);
            notifyAll();
        }
    }

    /** Takes what is said to the worker's calls of barrier(), while it runs the task. */
    public synchronized Optional<BarrierLink> barriers() {
        return phase == Phase.RUNNING ? conversation.map(TaskConversation::barriers) : Optional.empty();
    }

    private RunnerEvent runWithFiles(WorkerPool pool, int slot) throws InterruptedException {
        try {
            files.join();
        } catch (CompletionException e) {
            return failed(Failures.runner(
                    "a file could not be fetched from the ApplicationMaster",
                    new IOException(e.getCause().getMessage(), e.getCause())));
        }
        for (int tries = 1; ; tries++) {
            Worker taken;
            try {
                taken = pool.take(slot);
            } catch (IOException e) {
                return isCancelled() ? cancelledEvent() : failed(Failures.runner("no Python worker", e));
            }
            if (!begin(taken, pool)) {
                pool.release(taken);
                return cancelledEvent();
            }
            TaskConversation talk =
                    new TaskConversation(spec, outputs, services, taken, this::stopWorker, this::isCancelled);
            try {
                if (talk.start() || tries == MAX_WORKERS_TRIED) {
                    return runOn(taken, talk, pool);
                }
            } catch (IOException e) {
                pool.release(taken);
                return failed(Failures.runner("no folder for spill files", e));
            }
            pool.discard(taken);
        }
    }

    private RunnerEvent runOn(Worker taken, TaskConversation talk, WorkerPool pool) throws InterruptedException {
        services.memory().add(this);
        synchronized (this) {
            conversation = Optional.of(talk);
        }
        boolean reusable = false;
        RunnerEvent end;
        try (TaskSink sink = services.sinks().open(spec)) {
            TaskConversation.Ending ending = talk.run(sink);
            reusable = ending.isReusable() && endRunning() && pool.reuses() && !holdsTooMuch(taken);
            end = conclude(ending, sink, taken, talk);
        } catch (IOException | RuntimeException e) {
            String what =
                    e instanceof ProtocolException ? "the worker broke the protocol" : "the output could not be kept";
            end = isCancelled() ? cancelledEvent() : failed(Failures.runner(what, e));
        } finally {
            services.memory().remove(this);
            talk.close();
            taken.drainPrinted();
            if (reusable) {
                pool.release(taken);
            } else {
                replace(taken, pool);
            }
        }
        return end;
    }

    private void replace(Worker dead, WorkerPool pool) {
        pool.discard(dead);
        services.feeders().execute(() -> {
            dead.awaitExit(5_000);
            services.folders().clean(dead);
        });
    }

    private RunnerEvent conclude(TaskConversation.Ending ending, TaskSink sink, Worker taken, TaskConversation talk)
            throws IOException, InterruptedException {
        if (ending.done().isPresent()) {
            JsonNode done = ending.done().get();
            if (!enter(Phase.FINISHING)) {
                services.sinks().discardKept(done);
                return cancelledEvent();
            }
            List<MapOutput> kept = services.sinks().keep(done, services.application());
            if (!kept.isEmpty()) {
                services.reports().event(new RunnerEvent.PartitionsKept(spec.id(), kept));
            }
            if (!done.path("rejects").isEmpty()) {
                String counts = done.path("rejects").toString();
                services.reports().event(new RunnerEvent.RecordsRejected(spec.id(), counts));
            }
            Map<String, String> leftOut = talk.leftOut();
            if (!leftOut.isEmpty()) {
                services.reports().event(new RunnerEvent.FilesLeftOut(spec.id(), leftOut));
            }
            Optional<TaskSink.Product> product = sink.finish(done, this::isGranted);
            if (product.isEmpty()) {
                return cancelledEvent();
            }
            if (isCancelledBeforeCommit()) {
                services.sinks().drop(product.get());
                return cancelledEvent();
            }
            TaskStats stats = stats(done, taken, talk.borderBytes());
            return new RunnerEvent.TaskSucceeded(
                    spec.id(), stats, product.get().output(), product.get().result(), ending.updates());
        }
        synchronized (this) {
            if (cancelled) {
                return cancelledEvent();
            }
            if (stopped.isPresent()) {
                return failed(stopped.get());
            }
        }
        return ending.failure();
    }

    private TaskStats stats(JsonNode done, Worker taken, long borderBytes) {
        long peak = Math.max(done.path("peakRss").asLong(), peakBytes());
        return new TaskStats(
                done.path("rowsIn").asLong(),
                done.path("bytesIn").asLong(),
                done.path("rowsOut").asLong(),
                done.path("bytesOut").asLong(),
                done.path("spilledBytes").asLong(),
                peak > 0 ? peak : taken.peakRssBytes(),
                done.path("cpuMillis").asLong(),
                borderBytes,
                done.path("compiled").asBoolean(taken.hello().compiled()));
    }

    /** Asks for the commit and waits for the answer, or for the attempt to be cancelled. */
    private boolean isGranted() throws InterruptedException {
        if (!enter(Phase.ASKING)) {
            return false;
        }
        services.reports().event(new RunnerEvent.CommitWanted(spec.id()));
        synchronized (this) {
            while (granted.isEmpty() && !cancelled) {
                wait();
            }
            if (cancelled || !granted.get()) {
                return false;
            }
            phase = Phase.COMMITTING;
            return true;
        }
    }

    private synchronized boolean begin(Worker taken, WorkerPool from) {
        worker = Optional.of(taken);
        abandon = () -> from.abandon(taken);
        return enter(Phase.RUNNING);
    }

    /**
     * The worker has answered. From here on cancelling leaves it alone: it may be another attempt's already. False when it was or
     * is being killed.
     */
    private synchronized boolean endRunning() {
        phase = Phase.FINISHING;
        return !cancelled && stopped.isEmpty();
    }

    private synchronized boolean enter(Phase next) {
        if (cancelled) {
            return false;
        }
        phase = next;
        return true;
    }

    private void stopWorker(TaskFailure why) {
        Worker victim;
        synchronized (this) {
            if (stopped.isPresent() || phase != Phase.RUNNING || worker.isEmpty()) {
                return;
            }
            stopped = Optional.of(why);
            victim = worker.get();
        }
        victim.kill();
    }

    /** A worker that keeps this much after a task leaves too little to the next: it is replaced. */
    private boolean holdsTooMuch(Worker taken) {
        return spec.limitBytes() > 0 && ProcessMemory.treeBytes(taken.pid()) > spec.limitBytes() / 2;
    }

    private synchronized boolean isCancelledBeforeCommit() {
        return cancelled && phase != Phase.COMMITTING;
    }

    private synchronized boolean isCancelled() {
        return cancelled;
    }

    private synchronized long peakBytes() {
        return peakBytes;
    }

    private RunnerEvent cancelledEvent() {
        return new RunnerEvent.TaskCancelled(spec.id());
    }

    private RunnerEvent failed(TaskFailure failure) {
        return new RunnerEvent.TaskFailed(spec.id(), failure);
    }

    @Override
    public synchronized long pid() {
        return worker.map(Worker::pid).orElse(0);
    }

    @Override
    public long limitBytes() {
        return spec.limitBytes();
    }

    @Override
    public synchronized void measured(long bytes) {
        peakBytes = Math.max(peakBytes, bytes);
    }

    @Override
    public void askToSpill() {
        Optional<Worker> asked;
        synchronized (this) {
            asked = phase == Phase.RUNNING ? worker : Optional.empty();
        }
        asked.ifPresent(Worker::askToSpill);
    }

    @Override
    public void stop(long bytes, long limit) {
        String step;
        synchronized (this) {
            step = conversation.map(TaskConversation::step).orElse("");
        }
        stopWorker(Failures.overMemory(TaskMessage.label(spec), bytes, ProcessMemory.mappedBytes(pid()), limit, step));
    }
}
