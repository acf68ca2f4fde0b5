package io.weft.master.plan;

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
    record SaveText(String path, Optional<String> codec, boolean raw, String suffix) implements PlanAction {
        /** Lines. */
        public SaveText(String path, Optional<String> codec) {
            this(path, codec, false, "");
        }

        public SaveText {
            Objects.requireNonNull(path, "path is null");
            Objects.requireNonNull(codec, "codec is null");
            Objects.requireNonNull(suffix, "suffix is null");
        }
    }
}
