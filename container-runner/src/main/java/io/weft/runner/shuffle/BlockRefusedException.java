package io.weft.runner.shuffle;

import java.io.IOException;

/** A block server answered, and has not what was asked. */
public final class BlockRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final byte status;

    BlockRefusedException(byte status, String message) {
        super(message);
        this.status = status;
    }

    /** Whether the server has no such block, so that asking again is no use. */
    public boolean notFound() {
        return status == BlockWire.STATUS_NOT_FOUND;
    }
}
