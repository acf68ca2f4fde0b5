package io.weft.master.results;

import java.io.IOException;

/** A result that its runner held cannot be read any more. */
public final class ResultLostException extends IOException {
    private static final long serialVersionUID = 1L;

    public ResultLostException(IOException cause) {
        super(cause.getMessage(), cause);
    }
}
