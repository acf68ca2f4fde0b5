package io.weft.master.jobs;

import io.weft.master.results.ResultFeed;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.output.OutputException;
import io.weft.runner.output.SavedOutput;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.TaskFailure;
import java.io.IOException;
import java.util.Optional;

/**
 * A submitted job in the hands of the thread that answers its driver. That thread also commits or aborts the job's output, so that no
 * file system call ever waits on the scheduling thread. Owned by that one thread.
 */
public final class ActiveJob implements AutoCloseable {
    /** How long a cancelled job's tasks are waited for before its output is aborted under them. */
    private static final long CANCEL_MILLIS = 10_000;

    private final JobRun run;
    private final Optional<? extends SavedOutput> output;
    private final Submitter submitter;
    private final JobHistory history;
    private final long startNanos = System.nanoTime();
    private boolean committed;
    private boolean closed;

    ActiveJob(JobRun run, Optional<? extends SavedOutput> output, Submitter submitter, JobHistory history) {
        this.run = run;
        this.output = output;
        this.submitter = submitter;
        this.history = history;
    }

    public JobRun run() {
        return run;
    }

    public long wallMillis() {
        return (System.nanoTime() - startNanos) / 1_000_000;
    }

    /** Why tasks wait for slots, in the user's words, or "". */
    public String waiting() {
        return submitter.waiting();
    }

    /** Commits the output when the scheduler asked for it. */
    public void commitIfWanted() {
        if (!run.takeCommitWanted()) {
            return;
        }
        Optional<TaskFailure> error = Optional.empty();
        Optional<JobFailure> over = run.rejects().verdict(true);
        if (over.isPresent()) {
            run.blame(over.get());
            TaskFailure why =
                    new TaskFailure(FailureKind.FATAL, "E26", over.get().message(), "", new byte[0], "");
            submitter.scheduler(new SchedulerEvent.JobCommitted(run.spec().job(), Optional.of(why)));
            return;
        }
        try {
            run.rejects().commit();
            if (output.isPresent()) {
                output.get().commit();
            }
            committed = true;
        } catch (IOException | RuntimeException failed) {
            String code = failed instanceof OutputException known ? known.code() : "";
            String text = "The output of " + run.spec().action() + " cannot be committed: " + Stacks.message(failed);
            error = Optional.of(
                    new TaskFailure(FailureKind.EXTERNAL, code, text, "", new byte[0], Stacks.text(failed)));
            String kind = "output";
            run.blame(JobFailure.of(code, code.isEmpty() ? 7 : 3, kind, text, failed));
        }
        submitter.scheduler(new SchedulerEvent.JobCommitted(run.spec().job(), error));
    }

    /** The job has succeeded; without an output to commit this is the end of what it rejected, too. */
    public Optional<JobFailure> settle() {
        try {
            if (output.isEmpty()) {
                run.rejects().commit();
            }
            run.rejects().close();
            return Optional.empty();
        } catch (IOException | RuntimeException failed) {
            String code = failed instanceof OutputException known ? known.code() : "";
            return Optional.of(JobFailure.of(code, code.isEmpty() ? 7 : 3, "output", Stacks.message(failed), failed));
        }
    }

    /** The driver has this result. */
    public void taken(ResultFeed.Next result) {
        if (!result.ref().isInline()) {
            submitter.release(result.ref());
            submitter.scheduler(new SchedulerEvent.ResultTaken(run.spec().job(), result.id()));
        }
    }

    /** This result, which was polled last, could not be read from the runner that held it. */
    public void lost(ResultFeed.Next result, String reason) {
        run.feed().unpoll(result);
        String text = "its result could not be read from " + result.ref().host() + ": " + reason;
        submitter.release(result.ref());
        submitter.scheduler(new SchedulerEvent.ResultLost(run.spec().job(), result.id(), text));
    }

    /** Gives back results that were made void by the loss of another one. */
    public void giveBack() {
        run.feed().takeUnwanted().forEach(submitter::release);
    }

    /** Harmless when repeated. Cancels what still runs, gives back what nobody took, and aborts the output unless it was committed. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (run.ended().isEmpty()) {
            submitter.cancel(run.spec().job(), null);
        }
        history.closed(run.spec().job());
        for (ResultRef left : run.feed().abandon()) {
            submitter.release(left);
        }
        try {
            run.feed().close();
            run.updates().close();
        } catch (IOException unremovable) {
            // it lies in the application's folder, which is removed at the end
        }
        if (output.isPresent() && !committed) {
            abort(output.get());
        }
        if (run.rejects().keepsLetters()) {
            awaitTasks();
        }
        run.rejects().close();
    }

    /** Or a task might write once more behind the removal. */
    private void awaitTasks() {
        try {
            run.awaitEnd(CANCEL_MILLIS);
            run.awaitQuiet(CANCEL_MILLIS);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void abort(SavedOutput unfinished) {
        awaitTasks();
        try {
            unfinished.abort();
        } catch (IOException | RuntimeException failed) {
            // the job's own failure is what the driver hears; a _temporary folder may stay
        }
    }
}
