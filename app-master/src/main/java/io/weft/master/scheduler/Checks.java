package io.weft.master.scheduler;

/** For {@code validate()}: a sentence that does not hold is a defect of ours. */
final class Checks {
    private Checks() {}

    static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalStateException(problem);
        }
    }
}
