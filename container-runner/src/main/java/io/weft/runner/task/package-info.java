/**
 * One task attempt on one slot: inputs go to the worker with credits, its result, output file or map output comes back, and the
 * attempt ends in one {@link io.weft.runner.protocol.RunnerEvent}. Uses {@code input}, {@code output}, {@code shuffle} and
 * {@code worker}; knows nothing of the ApplicationMaster but the events and its blocks.
 */
package io.weft.runner.task;
