package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EventLogTest {
    private static final int LINES = 20_000;
    private static final String TEXT = "x".repeat(1_000);

    @TempDir
    Path folder;

    private Path write(boolean kept) throws IOException {
        Path file = folder.resolve("events.log");
        try (EventLog log = new EventLog(file, kept)) {
            for (int line = 0; line < LINES; line++) {
                log.note(line, TEXT);
            }
        }
        return file;
    }

    @Test
    void aLogThatIsNotKeptHasItsNewestLinesAndSomeBefore() throws Exception {
        Path file = write(false);
        Path before = folder.resolve("events.log.before");
        assertTrue(Files.size(file) <= EventLog.MAX_PART_BYTES + 2_000);
        assertTrue(Files.size(before) <= EventLog.MAX_PART_BYTES + 2_000);
        try (var files = Files.list(folder)) {
            assertEquals(2, files.count());
        }
    }

    @Test
    void aLogThatIsKeptHasEveryLine() throws Exception {
        Path file = write(true);
        try (var lines = Files.lines(file)) {
            assertEquals(LINES, lines.count());
        }
        assertFalse(Files.exists(folder.resolve("events.log.before")));
    }
}
