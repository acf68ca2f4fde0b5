package io.weft.master.app;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Every event that went into the scheduler and every action that came out, a line each, so that a run can be read and replayed:
 * {@code millis > event} and {@code millis < action}. Owned by the loop thread. A log that cannot be written is given up, and the
 * application goes on.
 */
final class EventLog implements AutoCloseable {
    private static final int MAX_LINE_CHARACTERS = 4_096;
    private static final int BUFFER_CHARACTERS = 32_768;

    private final BufferedWriter out;
    private boolean failed;

    EventLog(Path file) throws IOException {
        out = new BufferedWriter(Files.newBufferedWriter(file, StandardCharsets.UTF_8), BUFFER_CHARACTERS);
    }

    void event(long nowMillis, Object event) {
        line(nowMillis, '>', event);
    }

    void action(long nowMillis, Object action) {
        line(nowMillis, '<', action);
    }

    void note(long nowMillis, String text) {
        line(nowMillis, '#', text);
    }

    private void line(long nowMillis, char direction, Object what) {
        if (failed) {
            return;
        }
        String text = what.toString().replace('\n', ' ');
        try {
            out.append(Long.toString(nowMillis)).append(' ').append(direction).append(' ');
            out.append(text, 0, Math.min(text.length(), MAX_LINE_CHARACTERS)).append('\n');
        } catch (IOException full) {
            failed = true;
        }
    }

    /** Called when the loop has nothing else to do. */
    void flush() {
        if (failed) {
            return;
        }
        try {
            out.flush();
        } catch (IOException full) {
            failed = true;
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException full) {
            failed = true;
        }
    }
}
