package io.weft.runner.output;

import java.util.Locale;

/** What a save does where something is already. */
public enum SaveMode {
    /** Nothing: it fails, before anything runs. */
    ERROR,
    /** Takes its place, once the new output is complete. */
    OVERWRITE,
    /** Adds its files to it. */
    APPEND,
    /** Puts its files among those that are there, over those of the same names: what Hadoop's committers do unasked. */
    MERGE;

    /** By the name that plans have for it. */
    public static SaveMode of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
