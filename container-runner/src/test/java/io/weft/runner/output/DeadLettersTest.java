package io.weft.runner.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadLettersTest {
    private static final String APPLICATION = "local_7";
    private static final TaskAttemptId FIRST = new TaskAttemptId(1, 0, 0);

    @TempDir
    Path folder;

    private final Configuration conf = new Configuration();

    @Test
    void theFilesOfAttemptsThatCountTakeThePlaceOfEarlierOnes() throws IOException {
        write("rejects-local_6-4-00000.jsonl", "earlier");
        DeadLetters letters = DeadLetters.of("file:" + folder, APPLICATION, 2, conf);
        reject(letters, FIRST, "first\n").finish();
        reject(letters, new TaskAttemptId(1, 0, 1), "second\n").finish();
        letters.commit(4, List.of(new TaskAttemptId(1, 0, 1)));
        letters.close();
        assertEquals(List.of("rejects-local_7-4-00000.jsonl"), OutputFolders.names(folder));
        assertEquals("second\n", Files.readString(folder.resolve("rejects-local_7-4-00000.jsonl")));
    }

    @Test
    void whatWasNotFinishedIsRemoved() throws IOException {
        DeadLetters letters = DeadLetters.of("file:" + folder, APPLICATION, 2, conf);
        reject(letters, FIRST, "first\n").close();
        assertEquals(List.of(), OutputFolders.names(Path.of(URI.create(letters.work()))));
    }

    @Test
    void aFullDiskIsToldWhenItsBufferIsFlushedAtTheEnd() throws IOException {
        conf.set("fs.full.impl", FullFileSystem.class.getName());
        RejectFiles files = new RejectFiles(FIRST, conf);
        files.write("full:" + folder + "/work", 4, lines("a few bytes, which stay in a buffer\n"));
        OutputException failure = assertThrows(OutputException.class, files::finish);
        assertEquals(
                "the dead letters in full:" + folder + " cannot be written: No space left on device",
                failure.getMessage());
        assertEquals(OutputException.REFUSED, failure.code());
        files.close();
    }

    @Test
    void aFullDiskIsToldAlikeInTheMidst() throws IOException {
        conf.set("fs.full.impl", FullFileSystem.class.getName());
        RejectFiles files = new RejectFiles(FIRST, conf);
        OutputException failure = assertThrows(
                OutputException.class, () -> files.write("full:" + folder + "/work", 4, lines("x".repeat(100_000))));
        assertTrue(failure.getMessage().endsWith(" cannot be written: No space left on device"), failure.getMessage());
        files.close();
    }

    @Test
    void lettersThatCannotAllBeMovedLeaveTheEarlierOnes() throws IOException {
        write("rejects-local_6-4-00000.jsonl", "earlier");
        DeadLetters letters = DeadLetters.of("file:" + folder, APPLICATION, 2, conf);
        reject(letters, FIRST, "first\n").finish();
        TaskAttemptId missing = new TaskAttemptId(1, 1, 0);
        assertThrows(OutputException.class, () -> letters.commit(4, List.of(FIRST, missing)));
        letters.close();
        assertTrue(Files.exists(folder.resolve("rejects-local_6-4-00000.jsonl")));
        assertFalse(Files.exists(Path.of(URI.create(letters.work()))));
    }

    private RejectFiles reject(DeadLetters letters, TaskAttemptId id, String text) throws IOException {
        RejectFiles files = new RejectFiles(id, conf);
        files.write(letters.work(), 4, lines(text));
        return files;
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private static ByteBuffer lines(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
