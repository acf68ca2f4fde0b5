package io.weft.runner.worker;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Bytes in, whole lines out (UTF-8, wrong bytes replaced, the line end taken off). A line longer than
 * {@link #MAX_LINE_BYTES} comes out in pieces, so that no more than that is ever held.
 */
final class LineSplitter {
    static final int MAX_LINE_BYTES = 64 * 1024;

    private byte[] line = new byte[256];
    private int length;

    /** Consumes {@code bytes}; returns the lines that are complete now. */
    List<String> feed(ByteBuffer bytes) {
        List<String> lines = new ArrayList<>();
        while (bytes.hasRemaining()) {
            byte next = bytes.get();
            if (next == '\n') {
                lines.add(take());
                continue;
            }
            if (length == MAX_LINE_BYTES) {
                lines.add(take());
            }
            if (length == line.length) {
                line = Arrays.copyOf(line, Math.min(MAX_LINE_BYTES, line.length * 2));
            }
            line[length++] = next;
        }
        return lines;
    }

    /** What stands after the last line end, as a line of its own; none if nothing does. */
    List<String> flush() {
        return length == 0 ? List.of() : List.of(take());
    }

    private String take() {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        String text = new String(line, 0, end, StandardCharsets.UTF_8);
        length = 0;
        return text;
    }
}
