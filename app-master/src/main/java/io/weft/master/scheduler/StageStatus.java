package io.weft.master.scheduler;

/** What a stage of a live job does. */
enum StageStatus {
    /** Nothing: it is not needed yet, or finished. */
    IDLE,
    /** It is needed, but an input is incomplete, or a stage of another job writes the same shuffle. No task is launched. */
    WAITING,
    /** Its tasks are launched as slots become free. */
    ACTIVE;

    boolean canTransitionTo(StageStatus next) {
        return switch (this) {
            case IDLE -> next == WAITING || next == ACTIVE;
            case WAITING -> next == ACTIVE || next == IDLE;
            case ACTIVE -> next == WAITING || next == IDLE;
        };
    }
}
