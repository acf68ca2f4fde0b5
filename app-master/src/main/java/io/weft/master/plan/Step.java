package io.weft.master.plan;

import java.util.Objects;
import java.util.Optional;

/**
 * One narrow step of a pipeline.
 *
 * @param op one of map, flatMap, filter, mapValues, flatMapValues, keys, values, partitions, barrier, processors
 * @param function hash of the blob; empty for keys, values and processors only
 * @param name the operation as the user wrote it
 * @param site {@code file:line} of the user's call
 * @param errors JSON that says how many records may fail, as in plan.avsc
 * @param processors of a step {@code processors}: what each task of its stage shall have; else 0
 */
public record Step(
        String op, Optional<String> function, String name, String site, Optional<String> errors, int processors) {
    public static final String PROCESSORS = "processors";

    /** A step that fails its task when its function raises. */
    public Step(String op, Optional<String> function, String name, String site) {
        this(op, function, name, site, Optional.empty(), 0);
    }

    /** It does something to records, or is a mark for the worker. */
    public boolean isForWorker() {
        return !op.equals(PROCESSORS);
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
