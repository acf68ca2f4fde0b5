/**
 * A checked {@link io.weft.master.plan.Plan} in, a {@link io.weft.master.stages.StageGraph} for the scheduler and a
 * {@link io.weft.master.stages.JobPlan} for those who make tasks out. Pure.
 */
package io.weft.master.stages;
