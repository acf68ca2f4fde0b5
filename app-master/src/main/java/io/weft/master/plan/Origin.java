package io.weft.master.plan;

import java.util.Objects;

/**
 * Where a node comes from.
 *
 * @param id the node's index in its plan
 * @param rdd id of the RDD in the driver, below 2^30
 * @param name the operation, such as {@code reduceByKey}
 * @param site {@code file:line} of the user's call
 */
public record Origin(int id, int rdd, String name, String site) {
    public Origin {
        Objects.requireNonNull(name, "name is null");
        Objects.requireNonNull(site, "site is null");
    }

    /** The words of messages: {@code reduceByKey at etl.py:59}. */
    @Override
    public String toString() {
        return name + " at " + site;
    }
}
