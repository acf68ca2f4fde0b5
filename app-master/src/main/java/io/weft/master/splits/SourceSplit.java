package io.weft.master.splits;

import io.weft.runner.protocol.InputSpec;
import java.util.List;

/** One partition of a source. */
public sealed interface SourceSplit permits Split, FormatSplit {
    /** What the task's runner opens. */
    InputSpec input();

    /** Hosts that hold most of it, the most first. */
    List<String> hosts();
}
