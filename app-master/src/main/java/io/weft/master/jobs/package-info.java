/**
 * One action from its plan to its end. In: plan bytes of the driver; on the way: splits, stages, tasks made when they are launched,
 * results, the output's commit; out: what the driver is told. {@link io.weft.master.jobs.JobService} is called by the threads that
 * answer the driver, {@link io.weft.master.jobs.JobRun} is where they meet the scheduling thread.
 */
package io.weft.master.jobs;
