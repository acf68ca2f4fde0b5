package io.weft.runner.worker;

/** How a worker ended. */
public sealed interface WorkerExit {
    /** {@code status}: the exit code, or minus the number of the signal. */
    record Status(int status) implements WorkerExit {
        public boolean isSignal() {
            return status < 0;
        }

        /** {@code SIGSEGV}, or {@code exit code 3}. */
        @Override
        public String toString() {
            return isSignal() ? Signals.name(-status) : "exit code " + status;
        }
    }

    /** The fork server ended, and its workers with it. */
    record ForkServerEnded(String reason) implements WorkerExit {}

    /** The worker has closed its connection, and how it ended has not become known in time. */
    record Unknown() implements WorkerExit {}
}
