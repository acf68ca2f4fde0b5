package io.weft.runner.protocol;

import java.util.Objects;

/**
 * A task's result: small ones travel in {@code inline} (up to {@link #MAX_INLINE_BYTES}), larger ones stay with the runner as
 * block {@code block} until released.
 */
public record ResultRef(
        String block, String runner, String host, int blockPort, long bytes, long records, byte[] inline) {
    public static final int MAX_INLINE_BYTES = 65_536;

    public ResultRef {
        Objects.requireNonNull(block, "block is null");
        Objects.requireNonNull(runner, "runner is null");
        Objects.requireNonNull(host, "host is null");
        Objects.requireNonNull(inline, "inline is null");
    }

    public boolean isInline() {
        return block.isEmpty();
    }
}
