package io.weft.runner.protocol;

import java.util.Objects;
import java.util.Optional;

/** What the runner does with what the worker puts out. */
public sealed interface OutputSpec {
    /** Result bytes are kept by the runner and announced in the task's report. */
    record Result() implements OutputSpec {}

    /** Nothing comes out. */
    record None() implements OutputSpec {}

    /** The worker writes a map output of this id; the runner checks and publishes it. */
    record MapOutputFile(MapOutputId id) implements OutputSpec {
        public MapOutputFile {
            Objects.requireNonNull(id, "id is null");
        }
    }

    /**
     * One task's part of a save through a Hadoop OutputFormat, and through its committer.
     *
     * @param path the folder; empty for formats that write no files
     * @param keyClass class of the keys that the format is told; so for values
     * @param jobUuid the same in all tasks of the job
     * @param jobNumber makes Hadoop's JobID
     */
    record Records(
            RecordFormat format,
            Optional<String> path,
            String keyClass,
            String valueClass,
            String jobUuid,
            int jobNumber)
            implements OutputSpec {
        public Records {
            Objects.requireNonNull(format, "format is null");
            Objects.requireNonNull(path, "path is null");
            Objects.requireNonNull(keyClass, "keyClass is null");
            Objects.requireNonNull(valueClass, "valueClass is null");
            Objects.requireNonNull(jobUuid, "jobUuid is null");
        }
    }

    /**
     * One text file of a save, through Hadoop's committer. {@code jobUuid} is the same in all tasks of the job, and
     * {@code jobNumber} makes Hadoop's JobID. The file's name ends with {@code suffix}; {@code parts}: into which files.
     */
    record TextFile(String path, Optional<String> codec, String jobUuid, int jobNumber, String suffix, Parts parts)
            implements OutputSpec {
        /** A file whose name ends as its codec has it. */
        public TextFile(String path, Optional<String> codec, String jobUuid, int jobNumber) {
            this(path, codec, jobUuid, jobNumber, "", Parts.ONE);
        }

        public TextFile {
            Objects.requireNonNull(path, "path is null");
            Objects.requireNonNull(codec, "codec is null");
            Objects.requireNonNull(jobUuid, "jobUuid is null");
            Objects.requireNonNull(suffix, "suffix is null");
            Objects.requireNonNull(parts, "parts is null");
        }
    }

    /**
     * Into which files a task writes.
     *
     * @param unique part of the files' names, so that they meet no others; mostly ""
     * @param targetBytes a file that has so many is ended at the next record, and another begun; 0: never
     * @param byKey each record names its folder
     */
    record Parts(String unique, long targetBytes, boolean byKey) {
        /** One file a task. */
        public static final Parts ONE = new Parts("", 0, false);

        public Parts {
            Objects.requireNonNull(unique, "unique is null");
        }
    }
}
