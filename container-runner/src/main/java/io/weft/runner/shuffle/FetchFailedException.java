package io.weft.runner.shuffle;

import io.weft.runner.protocol.MapOutputId;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

/** Map outputs that could be read from nowhere; their map tasks have to run again. */
public final class FetchFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient List<MapOutputId> lost;

    public FetchFailedException(List<MapOutputId> lost, String reason, Throwable cause) {
        super(Objects.requireNonNull(reason, "reason is null"), cause);
        this.lost = List.copyOf(lost);
    }

    public List<MapOutputId> lost() {
        return lost;
    }

    public String reason() {
        return getMessage();
    }
}
