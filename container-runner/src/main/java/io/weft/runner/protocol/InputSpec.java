package io.weft.runner.protocol;

import java.util.List;
import java.util.Objects;

/** One input of a task; its place in {@link TaskSpec#inputs()} is the worker's stream number. */
public sealed interface InputSpec {
    /** One file's byte range, or several (combined small files), as blocks of whole lines. */
    record Text(List<FileRange> ranges) implements InputSpec {
        public Text {
            ranges = List.copyOf(ranges);
        }
    }

    /** Ranges of files in any format, as far as the worker asks for them; also for bytes beside its ranges. */
    record Raw(List<FileRange> ranges) implements InputSpec {
        public Raw {
            ranges = List.copyOf(ranges);
        }
    }

    /** {@code wholeFile}: the codec cannot be split, {@code start} is 0 and {@code length} the file's. */
    record FileRange(String path, long start, long length, boolean wholeFile) {
        public FileRange {
            Objects.requireNonNull(path, "path is null");
        }
    }

    /**
     * One split of a Hadoop InputFormat.
     *
     * @param splitClass class of the split
     * @param split the split, as its class writes it
     */
    record Records(RecordFormat format, String splitClass, byte[] split) implements InputSpec {
        public Records {
            Objects.requireNonNull(format, "format is null");
            Objects.requireNonNull(splitClass, "splitClass is null");
            Objects.requireNonNull(split, "split is null");
        }
    }

    /** Bytes {@code offset} to {@code offset + length} of a block that the ApplicationMaster's block server holds. */
    record Data(String block, long offset, long length) implements InputSpec {
        public Data {
            Objects.requireNonNull(block, "block is null");
        }
    }

    /**
     * The outputs of all maps of a shuffle, by map number. The runner keeps the list per shuffle and epoch, so a task names them
     * only; see {@link RunnerCommand.ShuffleOutputs}.
     */
    record Shuffle(int shuffle, int epoch, int maps) implements InputSpec {}

    /**
     * A persisted partition, where it and its copies were kept last; empty, or gone from there: the worker computes it. Unless
     * {@code computable}, the task has not been told how, and fails instead.
     */
    record Cached(List<MapOutput> kept, boolean computable) implements InputSpec {
        public Cached {
            kept = List.copyOf(kept);
        }
    }
}
