/**
 * Python workers as the runner sees them: the fork server and its children, their registration, frames in and out, printed
 * lines, death and replacement. Tasks go in as frames, frames come out; PROTOCOL.md is the wire. What a frame means for a task
 * is the business of {@code task}.
 */
package io.weft.runner.worker;
