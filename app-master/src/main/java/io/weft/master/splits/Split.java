package io.weft.master.splits;

import io.weft.runner.protocol.InputSpec;
import java.util.List;
import java.util.Objects;

/** One partition of a text input. {@code hosts}: those that hold most of it, the most first; {@code bytes}: as stored. */
public record Split(InputSpec.Text input, List<String> hosts, long bytes) implements SourceSplit {
    public Split {
        Objects.requireNonNull(input, "input is null");
        hosts = List.copyOf(hosts);
    }
}
