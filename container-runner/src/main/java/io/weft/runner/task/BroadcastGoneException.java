package io.weft.runner.task;

import java.io.IOException;

/** A broadcast was destroyed: nobody has it, and asking again is no use. */
final class BroadcastGoneException extends IOException {
    private static final long serialVersionUID = 1L;

    BroadcastGoneException(String block) {
        super(block.replace("broadcast-", "Broadcast ") + " was destroyed before this task began to use it.");
    }
}
