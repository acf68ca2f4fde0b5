package io.weft.master.jobs;

/** A request that fails before anything runs. */
public final class JobException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient JobFailure failure;

    public JobException(JobFailure failure) {
        super(failure.message());
        this.failure = failure;
    }

    public JobFailure failure() {
        return failure;
    }
}
