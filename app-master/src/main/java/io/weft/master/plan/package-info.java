/**
 * Plan bytes (Avro, {@code plan.avsc}) in, sealed {@link io.weft.master.plan.PlanNode} records out. What is wrong with a plan is said
 * here, with the user's line; everything behind this package may trust it. Only {@link io.weft.master.plan.PlanDecoder} knows Avro.
 */
package io.weft.master.plan;
