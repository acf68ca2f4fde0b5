package io.weft.master.splits;

import io.weft.runner.protocol.InputSpec;
import java.util.List;
import java.util.Objects;

/** One partition of a Hadoop InputFormat. {@code hosts}: those that the format names. */
public record FormatSplit(InputSpec.Records input, List<String> hosts) implements SourceSplit {
    public FormatSplit {
        Objects.requireNonNull(input, "input is null");
        hosts = List.copyOf(hosts);
    }
}
