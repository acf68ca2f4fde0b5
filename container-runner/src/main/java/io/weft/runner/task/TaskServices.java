package io.weft.runner.task;

import java.util.concurrent.Executor;

/**
 * What all tasks of a runner share.
 *
 * @param feeders runs each input that is open on a thread of its own
 */
public record TaskServices(
        String application,
        TaskFolders folders,
        InputOpener inputs,
        Sinks sinks,
        MemoryWatch memory,
        TaskReports reports,
        Executor feeders) {}
