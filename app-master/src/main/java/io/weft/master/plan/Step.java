package io.weft.master.plan;

import java.util.Objects;
import java.util.Optional;

/**
 * One narrow step of a pipeline.
 *
 * @param op one of map, flatMap, filter, mapValues, flatMapValues, keys, values, partitions, barrier
 * @param function hash of the blob; empty for keys and values only
 * @param name the operation as the user wrote it
 * @param site {@code file:line} of the user's call
 * @param errors JSON that says how many records may fail, as in plan.avsc
 */
public record Step(String op, Optional<String> function, String name, String site, Optional<String> errors) {
    /** A step that fails its task when its function raises. */
    public Step(String op, Optional<String> function, String name, String site) {
        this(op, function, name, site, Optional.empty());
    }

    /** As partitions, and all tasks of its stage run at once. */
    public boolean isBarrier() {
        return op.equals("barrier");
    }

    public Step {
        Objects.requireNonNull(op, "op is null");
        Objects.requireNonNull(function, "function is null");
        Objects.requireNonNull(name, "name is null");
        Objects.requireNonNull(site, "site is null");
        Objects.requireNonNull(errors, "errors is null");
    }
}
