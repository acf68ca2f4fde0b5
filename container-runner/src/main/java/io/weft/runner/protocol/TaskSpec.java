package io.weft.runner.protocol;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One task attempt, complete. {@code tree} and {@code sink} are the JSON of worker/PROTOCOL.md; the runner passes them on unread.
 *
 * @param lenient of damaged input files the rest is left out; else they fail the task
 * @param memoryBytes data the worker may hold before it spills
 * @param limitBytes RSS at which the runner kills the worker, 0 for none
 */
public record TaskSpec(
        TaskAttemptId id,
        int job,
        String tree,
        String sink,
        List<InputSpec> inputs,
        boolean lenient,
        OutputSpec output,
        long memoryBytes,
        long limitBytes,
        List<String> pyFiles,
        Map<String, String> properties) {
    public TaskSpec {
        Objects.requireNonNull(id, "id is null");
        Objects.requireNonNull(tree, "tree is null");
        Objects.requireNonNull(sink, "sink is null");
        Objects.requireNonNull(output, "output is null");
        inputs = List.copyOf(inputs);
        pyFiles = List.copyOf(pyFiles);
        properties = Map.copyOf(properties);
    }
}
