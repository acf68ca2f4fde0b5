package io.weft.master.jobs;

import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.ResultRef;

/** The way to the thread that schedules; callable from any thread, never blocks. */
public interface Submitter {
    void submit(JobRun job);

    /** Cancels a job; the driver is told {@code blame}, or the cancellation when that is null. */
    void cancel(int job, JobFailure blame);

    /** The driver has this result. */
    void release(ResultRef ref);

    /** Nobody reads what is kept of this persisted RDD any more. */
    void dropCached(int rdd);

    /** Has the nodes remove a broadcast. */
    void forgetBroadcast(int broadcast);

    /** Why tasks wait for slots, in the user's words, or "". */
    String waiting();

    void scheduler(SchedulerEvent event);
}
