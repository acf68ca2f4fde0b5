package io.weft.runner.worker;

import java.io.IOException;

/** No worker could be started; the message ends with what Python said. */
public final class WorkerUnavailableException extends IOException {
    private static final long serialVersionUID = 1L;

    public WorkerUnavailableException(String message) {
        super(message);
    }
}
