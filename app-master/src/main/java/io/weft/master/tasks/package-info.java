/**
 * A planned stage and a partition in, the task's JSON (tree and sink of worker/PROTOCOL.md) and its inputs out. The app puts them into
 * a {@link io.weft.runner.protocol.TaskSpec} when the scheduler launches the task, so nothing is kept per task.
 */
package io.weft.master.tasks;
