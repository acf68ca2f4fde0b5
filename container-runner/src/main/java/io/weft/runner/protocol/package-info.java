/**
 * Ids and messages that both JVMs speak: records with checking, copying constructors. Depends on nothing of ours. The
 * ApplicationMaster makes {@link io.weft.runner.protocol.TaskSpec}s, a runner answers with
 * {@link io.weft.runner.protocol.RunnerEvent}s.
 */
package io.weft.runner.protocol;
