/**
 * Where runners come from. A {@link io.weft.master.backend.Backend} starts and ends them, carries commands to them and reports
 * what happens as scheduler and runner events; it decides nothing. {@code local} runs them in this JVM or in child JVMs here,
 * {@code yarn} in containers; {@link io.weft.master.backend.RunnerEndpoint} is the link to those in other processes, whoever
 * started them.
 */
package io.weft.master.backend;
