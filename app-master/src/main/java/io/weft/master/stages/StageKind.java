package io.weft.master.stages;

/** What becomes of a stage's records. */
public enum StageKind {
    /** Written as map outputs of one shuffle. */
    SHUFFLE_MAP,
    /** Brought to the driver, saved, or dropped. */
    RESULT
}
