package io.weft.runner.input;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** One input stream of a task, read by one thread. Closing it from another thread ends a read that waits. */
public interface InputSource extends Closeable {
    /** What goes to the worker next. */
    sealed interface Item permits Bytes, LocalPart {
        /** Number of the map that made these bytes, -1 where no map did. */
        int map();

        /** Length in bytes. */
        long bytes();
    }

    /**
     * The buffer's remaining bytes may be read until the next call of {@link #next()} or {@link #close()}.
     *
     * @param marks of text: the files that it is from, in order
     */
    record Bytes(ByteBuffer buffer, int map, List<FileMark> marks) implements Item {
        public Bytes {
            Objects.requireNonNull(buffer, "buffer is null");
            marks = List.copyOf(marks);
        }

        public Bytes(ByteBuffer buffer, int map) {
            this(buffer, map, List.of());
        }

        public Bytes(ByteBuffer buffer) {
            this(buffer, -1);
        }

        @Override
        public long bytes() {
            return buffer.remaining();
        }
    }

    /** A part of a file that the worker reads by itself. */
    record LocalPart(Path path, long offset, long length, int map) implements Item {
        public LocalPart {
            Objects.requireNonNull(path, "path is null");
        }

        @Override
        public long bytes() {
            return length;
        }
    }

    /**
     * The next item, or empty at the end (and at every call after that).
     *
     * @throws InputException when the input cannot be read; it names the file and the offset
     */
    Optional<Item> next() throws IOException;
}
