package io.weft.master.scheduler;

/** How near a task runs to its input. */
public enum Locality {
    /** On a host that holds it. */
    NODE,
    /** On a host of a rack that holds it. */
    RACK,
    /** Elsewhere. */
    ANY,
    /** The task has no preference. */
    NONE
}
