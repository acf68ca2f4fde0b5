package io.weft.master.tasks;

import io.weft.runner.protocol.InputSpec;
import java.util.List;
import java.util.Objects;

/**
 * What one task computes.
 *
 * @param tree JSON NODE of worker/PROTOCOL.md
 * @param sink JSON SINK of worker/PROTOCOL.md
 * @param inputs by stream number of the tree
 */
public record TaskBody(String tree, String sink, List<InputSpec> inputs) {
    public TaskBody {
        Objects.requireNonNull(tree, "tree is null");
        Objects.requireNonNull(sink, "sink is null");
        inputs = List.copyOf(inputs);
    }
}
