package io.weft.runner.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class InputTest {
    /** Size of the speed check's file; the real one is 256 MB: -Dweft.speed.megabytes=256. */
    private static final int MEGABYTES = Integer.getInteger("weft.speed.megabytes", 32);

    private Path folder;
    private TestRunner test;

    @BeforeEach
    void start() throws IOException {
        folder = Files.createTempDirectory("weft-input-");
        test = new TestRunner(folder, 2, Map.of());
    }

    @AfterEach
    void end() {
        test.close();
        Delete.tree(folder);
    }

    @Test
    void streamsATextFileWhole() throws Exception {
        Path file = Files.writeString(folder.resolve("a.txt"), "one\r\ntwo\rthree");
        test.launch(0, "{\"do\":\"read\"}", List.of(text(file, 0, 14)), new OutputSpec.Result(), 0);
        assertEquals("one\ntwo\nthree", new String(test.nextResult(), StandardCharsets.UTF_8).stripTrailing());
    }

    @Test
    void stopsSendingWhatTheWorkerDoesNotWant() throws Exception {
        Path file = lines(folder.resolve("b.txt"), 24 << 20);
        for (int i = 0; i < 3; i++) {
            test.launch(
                    0, "{\"do\":\"read\",\"take\":2}", List.of(text(file, 0, 24 << 20)), new OutputSpec.Result(), 0);
            RunnerEvent.TaskSucceeded done = test.next(RunnerEvent.TaskSucceeded.class);
            assertTrue(
                    done.stats().borderBytes() < 10L << 20,
                    "border bytes " + done.stats().borderBytes());
        }
    }

    @Test
    void givesUploadedDataInPieces() throws Exception {
        byte[] data = new byte[5 << 20];
        new java.util.Random(7).nextBytes(data);
        test.master.put("data-1", data);
        test.launch(
                1,
                "{\"do\":\"drain\"}",
                List.of(new InputSpec.Data("data-1", 100, data.length - 100)),
                new OutputSpec.Result(),
                0);
        assertEquals(Integer.toString(data.length - 100), new String(test.nextResult(), StandardCharsets.UTF_8));
    }

    @Test
    void saysWhichFileIsMissing() throws Exception {
        Path file = folder.resolve("missing.txt");
        test.launch(0, "{\"do\":\"read\"}", List.of(text(file, 0, 14)), new OutputSpec.Result(), 0);
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertEquals("E02", failure.code());
        assertEquals(FailureKind.FATAL, failure.kind());
        assertTrue(failure.summary().contains(file.toString()), failure.summary());
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
    }

    @Test
    void streamsLargeTextFast() throws Exception {
        long size = (long) MEGABYTES << 20;
        Path file = lines(folder.resolve("large.txt"), size);
        long best = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = System.nanoTime();
            test.launch(0, "{\"do\":\"drain\"}", List.of(text(file, 0, size / 2)), new OutputSpec.Result(), 0);
            test.launch(
                    1,
                    "{\"do\":\"drain\"}",
                    List.of(text(file, size / 2, size - size / 2)),
                    new OutputSpec.Result(),
                    0);
            long total = Long.parseLong(new String(test.nextResult(), StandardCharsets.UTF_8))
                    + Long.parseLong(new String(test.nextResult(), StandardCharsets.UTF_8));
            best = Math.min(best, System.nanoTime() - before);
            assertEquals(size, total);
        }
        System.out.println(MEGABYTES + " MB of text to two workers: " + best / 1_000_000 + " ms");
        assertTrue(best / 1_000_000 < 100L * MEGABYTES, "took " + best / 1_000_000 + " ms");
    }

    private static InputSpec text(Path file, long start, long length) {
        return new InputSpec.Text(List.of(new InputSpec.FileRange(file.toUri().toString(), start, length, false)));
    }

    private static Path lines(Path file, long bytes) throws IOException {
        byte[] block = "the quick brown fox jumps over the lazy dog again and again 123\n"
                .repeat(16384)
                .getBytes(StandardCharsets.UTF_8);
        try (var out = Files.newOutputStream(file)) {
            for (long left = bytes; left > 0; left -= block.length) {
                out.write(block, 0, (int) Math.min(left, block.length));
            }
        }
        return file;
    }
}
