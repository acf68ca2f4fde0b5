package io.weft.runner.protocol;

import java.util.Objects;

/** Names one map task's committed shuffle output; never reused. See shuffle/MAPOUTPUT.md. */
public record MapOutputId(String application, int shuffle, int map, int attempt) {
    public MapOutputId {
        Objects.requireNonNull(application, "application is null");
        if (shuffle < 0 || map < 0 || attempt < 0) {
            throw new IllegalArgumentException(
                    "map output of shuffle " + shuffle + " map " + map + " attempt " + attempt);
        }
    }

    /** Marks the ids under which persisted partitions lie; those of RDDs are below, see the plan's checks. */
    private static final int KEPT = 1 << 29;

    /** The shuffle id under which the persisted partitions of an RDD lie, as outputs of one partition each. */
    public static int keptShuffle(int rdd) {
        return rdd | KEPT;
    }

    /** The RDD of a persisted partition. */
    public int keptRdd() {
        return shuffle & ~KEPT;
    }

    /** Whether it names a persisted partition instead of a map's output. */
    public boolean isKept() {
        return (shuffle & KEPT) != 0;
    }

    /** The folder's name: {@code weft_1715_0042_s3_m17_a0} for application_1715_0042 as for local_1715_0042. */
    public String folder() {
        return "weft_" + application.substring(application.indexOf('_') + 1) + "_s" + shuffle + "_m" + map + "_a"
                + attempt;
    }
}
