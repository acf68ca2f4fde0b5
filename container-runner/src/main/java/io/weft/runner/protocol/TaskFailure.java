package io.weft.runner.protocol;

import java.util.Objects;

/**
 * How one attempt failed.
 *
 * @param code catalogue id (E01 …) as far as the runner knows it
 * @param summary one line in the user's words
 * @param error the worker's ERROR object (JSON); for a worker that died or was stopped, what the runner knows in the same form
 *     (kind {@code died} or {@code memory}, its last step, faulthandler's frames); "" when no worker is to blame
 * @param pickled the exception, cloudpickled, or empty
 * @param stack JVM stack for --verbose, or ""
 */
public record TaskFailure(FailureKind kind, String code, String summary, String error, byte[] pickled, String stack) {
    public TaskFailure {
        Objects.requireNonNull(kind, "kind is null");
        Objects.requireNonNull(code, "code is null");
        Objects.requireNonNull(summary, "summary is null");
        Objects.requireNonNull(error, "error is null");
        Objects.requireNonNull(pickled, "pickled is null");
        Objects.requireNonNull(stack, "stack is null");
    }
}
