package io.weft.master.plan;

import java.util.Objects;
import java.util.Optional;

/**
 * One narrow step of a pipeline.
 *
 * @param op one of map, flatMap, filter, mapValues, flatMapValues, keys, values, partitions, barrier, resources
 * @param function hash of the blob; empty for keys, values and resources only
 * @param name the operation as the user wrote it
 * @param site {@code file:line} of the user's call
 * @param errors JSON that says how many records may fail, as in plan.avsc
 * @param processors of a step {@code resources}: what each task of its stage shall have, 0: as many as others
 * @param profile of a step {@code resources}: number of the profile whose runners shall run them, 0: those of all
 */
public record Step(
        String op,
        Optional<String> function,
        String name,
        String site,
        Optional<String> errors,
        int processors,
        int profile) {
    public static final String RESOURCES = "resources";

    /** A step that fails its task when its function raises. */
    public Step(String op, Optional<String> function, String name, String site) {
        this(op, function, name, site, Optional.empty(), 0, 0);
    }

    /** It does something to records, or is a mark for the worker. */
    public boolean isForWorker() {
        return !op.equals(RESOURCES);
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
