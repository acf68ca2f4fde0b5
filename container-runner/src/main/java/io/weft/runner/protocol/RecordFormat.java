package io.weft.runner.protocol;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A Hadoop InputFormat or OutputFormat, as the user named it.
 *
 * @param mapreduce of the package org.apache.hadoop.mapreduce; else of org.apache.hadoop.mapred
 * @param name the format's class
 * @param keyConverter class that turns keys into what Python is given, or Hadoop; so for values
 * @param settings what it adds to Hadoop's configuration
 * @param view how Writables look in Python (inputs only)
 */
public record RecordFormat(
        boolean mapreduce,
        String name,
        Optional<String> keyConverter,
        Optional<String> valueConverter,
        Map<String, String> settings,
        View view) {
    /** How keys and values look in Python. */
    public enum View {
        /** Pairs as PySpark's sequenceFile gives them: text as str, bytes as bytearray. */
        PAIRS,
        /** The values alone, text as str, bytes as bytes. */
        VALUES,
        /** Whole files: pairs of path and content. */
        FILES,
        /** Whole files of text, which are unpacked. */
        TEXTS;

        public boolean isOfFiles() {
            return this == FILES || this == TEXTS;
        }
    }

    public RecordFormat {
        Objects.requireNonNull(name, "name is null");
        Objects.requireNonNull(keyConverter, "keyConverter is null");
        Objects.requireNonNull(valueConverter, "valueConverter is null");
        Objects.requireNonNull(view, "view is null");
        settings = Map.copyOf(settings);
    }
}
