package io.weft.runner.protocol;

/** Why an attempt failed; decides whether it counts against the task and whether a retry can help. */
public enum FailureKind {
    /** The user's function raised, or the worker died in the user's code. Counts, is retried. */
    USER,
    /** Over memory, no disk space. Counts, is retried. */
    RESOURCES,
    /** Container lost, preempted, node gone, HDFS or network silent. Retried; container losses do not count. */
    EXTERNAL,
    /** A defect of ours. Counts, is retried. */
    INTERNAL,
    /** No retry can help: versions differ, a key without a hash, a module is missing. Fails the job at once. */
    FATAL
}
