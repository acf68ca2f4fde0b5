package io.weft.master.plan;

import io.weft.runner.protocol.RecordFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What the action does with the records of the plan's result node. */
public sealed interface PlanAction {
    /** Bring the records to the driver, partition after partition. */
    record Collect() implements PlanAction {}

    /** Iterate, keep nothing. */
    record Drain() implements PlanAction {}

    /**
     * Write one text file a partition through Hadoop's committer.
     *
     * @param codec class name of a Hadoop CompressionCodec
     * @param raw records are bytes, written as they are instead of as lines
     * @param suffix how the files' names end, such as {@code .avro}, or ""
     */
    record SaveText(String path, Optional<String> codec, boolean raw, String suffix, Placing placing)
            implements PlanAction {
        /** Lines. */
        public SaveText(String path, Optional<String> codec) {
            this(path, codec, false, "");
        }

        /** One file a partition, into a folder that must not exist. */
        public SaveText(String path, Optional<String> codec, boolean raw, String suffix) {
            this(path, codec, raw, suffix, Placing.PLAIN);
        }

        public SaveText {
            Objects.requireNonNull(path, "path is null");
            Objects.requireNonNull(codec, "codec is null");
            Objects.requireNonNull(suffix, "suffix is null");
            Objects.requireNonNull(placing, "placing is null");
        }
    }

    /**
     * Into which files.
     *
     * @param mode what becomes of an output that is there: error, overwrite or append
     * @param targetBytes a file that has so many is ended at the next record; 0: never
     * @param byKey pairs, whose keys make folders
     */
    record Placing(String mode, long targetBytes, boolean byKey) {
        /** One file a partition, into a folder that must not exist. */
        public static final Placing PLAIN = new Placing("error", 0, false);

        public Placing {
            if (!List.of("error", "overwrite", "append").contains(mode)) {
                throw new IllegalArgumentException("mode is " + mode + ", not error, overwrite or append");
            }
        }
    }

    /**
     * Write pairs through a Hadoop OutputFormat.
     *
     * @param path empty: the settings name it, or the format writes no files
     * @param first a batch of the first pair, of which missing classes are found
     */
    record SaveRecords(
            Optional<String> path,
            RecordFormat format,
            Optional<String> keyClass,
            Optional<String> valueClass,
            byte[] first)
            implements PlanAction {
        public SaveRecords {
            Objects.requireNonNull(path, "path is null");
            Objects.requireNonNull(format, "format is null");
            Objects.requireNonNull(keyClass, "keyClass is null");
            Objects.requireNonNull(valueClass, "valueClass is null");
            Objects.requireNonNull(first, "first is null");
        }
    }

    /** Whether tasks ask for leave to commit what they have written. */
    default boolean isSave() {
        return this instanceof SaveText || this instanceof SaveRecords;
    }
}
