package io.weft.runner.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RawInputTest {
    @TempDir
    Path folder;

    private final Configuration conf = new Configuration(false);
    private final byte[] content = new byte[(5 << 20) / 2];
    private String remote;

    @BeforeEach
    void write() throws IOException {
        new Random(7).nextBytes(content);
        Files.write(folder.resolve("data"), content);
        conf.set("fs.far.impl", FarFileSystem.class.getName());
        remote = "far:" + folder + "/data";
    }

    @Test
    void aRangeComesInPiecesAndEndsWhereTheFileDoes() throws IOException {
        assertArrayEquals(Arrays.copyOfRange(content, 10, 2_000_000), read(10, 2_000_000));
        assertArrayEquals(Arrays.copyOfRange(content, 2_600_000, content.length), read(2_600_000, 9_000_000));
        assertArrayEquals(new byte[0], read(content.length, content.length + 5));
        assertArrayEquals(new byte[0], read(3, 3));
    }

    @Test
    void aLocalRangeIsNamedAsFarAsTheFileGoes() throws IOException {
        Path file = folder.resolve("data");
        RawInput input = RawInput.range("file:" + file, 5, 1L << 40, conf);
        assertEquals(Optional.of(new InputSource.LocalPart(file, 5, content.length - 5, -1)), input.next());
        assertEquals(Optional.empty(), input.next());
        assertEquals(
                Optional.empty(),
                RawInput.range("file:" + file, content.length, content.length + 1, conf)
                        .next());
    }

    @Test
    void theLengthOfAFileIsEightBytes() throws IOException {
        for (String path : List.of(remote, "file:" + folder.resolve("data"))) {
            InputSource.Bytes size =
                    (InputSource.Bytes) RawInput.size(path, conf).next().orElseThrow();
            assertEquals(content.length, size.buffer().getLong());
        }
    }

    @Test
    void aFileThatIsGoneIsMissing() {
        for (String path : List.of("far:" + folder + "/none", "file:" + folder.resolve("none"))) {
            InputException failure = assertThrows(InputException.class, () -> RawInput.range(path, 0, 10, conf)
                    .next());
            assertEquals(InputException.MISSING, failure.code());
            assertEquals(path + " does not exist any more", failure.getMessage());
        }
    }

    @Test
    void whatIsClosedGivesNothing() throws IOException {
        RawInput input = RawInput.range(remote, 0, content.length, conf);
        input.next();
        input.close();
        assertEquals(Optional.empty(), input.next());
    }

    private byte[] read(long from, long to) throws IOException {
        ByteArrayOutputStream found = new ByteArrayOutputStream();
        try (RawInput input = RawInput.range(remote, from, to, conf)) {
            for (Optional<InputSource.Item> item = input.next(); item.isPresent(); item = input.next()) {
                byte[] piece = new byte[(int) item.get().bytes()];
                ((InputSource.Bytes) item.get()).buffer().get(piece);
                found.write(piece);
            }
        }
        return found.toByteArray();
    }

    /** Local files under another scheme. */
    public static final class FarFileSystem extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("far:///");
        }
    }
}
