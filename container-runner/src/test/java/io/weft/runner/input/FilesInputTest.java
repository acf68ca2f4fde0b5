package io.weft.runner.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.RecordFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.lib.input.CombineFileSplit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesInputTest {
    @TempDir
    Path folder;

    private FilesInput open(RecordFormat.View view, List<Path> files) throws IOException {
        RecordFormat format =
                new RecordFormat(true, WholeFiles.class.getName(), Optional.empty(), Optional.empty(), Map.of(), view);
        var paths = files.stream()
                .map(file -> new org.apache.hadoop.fs.Path(file.toUri()))
                .toList();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new CombineFileSplit(paths.toArray(new org.apache.hadoop.fs.Path[0]), new long[files.size()])
                .write(new DataOutputStream(bytes));
        return FilesInput.open(
                new InputSpec.Records(format, CombineFileSplit.class.getName(), bytes.toByteArray()),
                new Configuration(),
                Damage.FAILS);
    }

    /** Content by path, read as PROTOCOL.md has it. */
    private static Map<String, byte[]> read(FilesInput input) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Optional<InputSource.Item> item = input.next(); item.isPresent(); item = input.next()) {
            ByteBuffer buffer = ((InputSource.Bytes) item.get()).buffer();
            assertTrue(buffer.remaining() <= 1 << 20);
            all.write(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
        }
        Map<String, byte[]> files = new LinkedHashMap<>();
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(all.toByteArray()));
        while (in.available() > 0) {
            String path = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            for (int length = in.readInt(); length > 0; length = in.readInt()) {
                content.write(in.readNBytes(length));
            }
            files.put(path, content.toByteArray());
        }
        return files;
    }

    @Test
    void givesFilesOfAnySizeInOrder() throws IOException {
        Random random = new Random(7);
        Map<String, byte[]> expected = new LinkedHashMap<>();
        java.util.ArrayList<Path> files = new java.util.ArrayList<>();
        for (int size : new int[] {0, 1, 4096, (1 << 20) - 8, 1 << 20, 3_000_000, 5, 0}) {
            byte[] content = new byte[size];
            random.nextBytes(content);
            Path file = Files.write(folder.resolve("f" + files.size()), content);
            files.add(file);
            expected.put("file:" + file, content);
        }
        try (FilesInput input = open(RecordFormat.View.FILES, files)) {
            Map<String, byte[]> found = read(input);
            assertEquals(List.copyOf(expected.keySet()), List.copyOf(found.keySet()));
            expected.forEach((path, content) -> assertArrayEquals(content, found.get(path), path));
        }
    }

    @Test
    void unpacksTextAndNothingElse() throws IOException {
        Path file = folder.resolve("a.gz");
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write("text".getBytes(StandardCharsets.UTF_8));
        }
        try (FilesInput input = open(RecordFormat.View.TEXTS, List.of(file))) {
            assertEquals("text", new String(read(input).get("file:" + file), StandardCharsets.UTF_8));
        }
        try (FilesInput input = open(RecordFormat.View.FILES, List.of(file))) {
            assertArrayEquals(Files.readAllBytes(file), read(input).get("file:" + file));
        }
    }

    @Test
    void namesAFileThatIsGone() throws IOException {
        try (FilesInput input = open(RecordFormat.View.FILES, List.of(folder.resolve("gone")))) {
            InputException gone = assertThrows(InputException.class, input::next);
            assertEquals(InputException.MISSING, gone.code());
            assertEquals("file:" + folder.resolve("gone") + " does not exist any more", gone.getMessage());
        }
    }
}
