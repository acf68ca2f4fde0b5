package io.weft.runner.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.InputSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.compress.BZip2Codec;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;
import org.apache.hadoop.mapreduce.lib.input.LineRecordReader;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextInputTest {
    private static final String[] PIECES = {
        "\n",
        "\n",
        "\r",
        "\r\n",
        "\r\r\n",
        "\n\r",
        "a",
        "bc",
        "héé",
        "漢字",
        "\ufeff",
        "\u2028",
        "\u0085",
        "word and word",
        " "
    };

    @TempDir
    Path folder;

    private final Configuration conf = new Configuration();

    @BeforeEach
    void readsLocalFilesWithoutChecksums() {
        conf.setClass("fs.file.impl", RawLocalFileSystem.class, org.apache.hadoop.fs.FileSystem.class);
        conf.setBoolean("fs.file.impl.disable.cache", true);
    }

    @Test
    void givesTheLinesOfHadoopsReaderForAnyContentSplitAndBlockSize() throws IOException {
        for (int seed = 0; seed < 4000; seed++) {
            Random random = new Random(seed);
            byte[] content = randomContent(random, 1 + random.nextInt(60));
            Path file = Files.write(folder.resolve("random"), content);
            int cut = random.nextInt(content.length + 1);
            int end = cut + random.nextInt(content.length - cut + 1);
            int blockBytes = 5 + random.nextInt(40);
            for (int[] bounds : new int[][] {{0, cut}, {cut, end}, {end, content.length}}) {
                InputSpec.FileRange range =
                        new InputSpec.FileRange(file.toUri().toString(), bounds[0], bounds[1] - bounds[0], false);
                String what = "seed " + seed + ", bytes " + bounds[0] + " to " + bounds[1] + " of "
                        + Arrays.toString(content);
                assertEquals(hadoopLines(range), lines(range, blockBytes), what);
            }
        }
    }

    @Test
    void givesTheLinesOfHadoopsReaderForSplitsLargerThanItsBuffer() throws IOException {
        for (int seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            byte[] content = randomContent(random, 60_000);
            Path file = Files.write(folder.resolve("large"), content);
            int cut = random.nextInt(content.length + 1);
            for (int[] bounds : new int[][] {{0, cut}, {cut, content.length}}) {
                InputSpec.FileRange range =
                        new InputSpec.FileRange(file.toUri().toString(), bounds[0], bounds[1] - bounds[0], false);
                assertEquals(hadoopLines(range), lines(range, 1 << 16), "seed " + seed);
            }
        }
    }

    @Test
    void blocksHoldWholeLinesOrAPieceOfOneLine() throws IOException {
        Path file = Files.write(
                folder.resolve("long"), ("short\n" + "x".repeat(500) + "\nend").getBytes(StandardCharsets.UTF_8));
        InputSpec.FileRange range = new InputSpec.FileRange(file.toUri().toString(), 0, Files.size(file), false);
        try (TextInput input = new TextInput(new InputSpec.Text(List.of(range)), conf, 101, Damage.FAILS)) {
            boolean continued = false;
            int pieces = 0;
            for (String block = nextText(input); !block.isEmpty(); block = nextText(input)) {
                boolean whole = block.endsWith("\n");
                assertTrue(whole || !block.contains("\n"), block);
                continued = !whole;
                pieces += whole ? 0 : 1;
            }
            assertEquals(false, continued);
            assertEquals(5, pieces);
        }
    }

    @Test
    void readsRangesOneAfterTheOtherAndEndsEachFilesLastLine() throws IOException {
        InputSpec.FileRange first = file("a", "one\ntwo");
        InputSpec.FileRange empty = file("b", "");
        InputSpec.FileRange third = file("c", "three\r\n");
        assertEquals("one\ntwo\nthree\n", lines(List.of(first, empty, third), 1 << 16));
    }

    @Test
    void marksSayWhereInTheFileEachLineBegins() throws IOException {
        for (int seed = 0; seed < 4000; seed++) {
            Random random = new Random(seed);
            byte[] content = randomContent(random, 1 + random.nextInt(60));
            Path file = Files.write(folder.resolve("marked"), content);
            int cut = random.nextInt(content.length + 1);
            int blockBytes = 5 + random.nextInt(40);
            for (int[] bounds : new int[][] {{0, cut}, {cut, content.length}}) {
                InputSpec.FileRange range =
                        new InputSpec.FileRange(file.toUri().toString(), bounds[0], bounds[1] - bounds[0], false);
                assertEquals(hadoopPlaces(range), places(List.of(range), blockBytes), "seed " + seed);
            }
        }
    }

    @Test
    void marksNameTheFilesThatArePutTogether() throws IOException {
        List<InputSpec.FileRange> ranges = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int number = 0; number < 3_000; number++) {
            String end = number % 3 == 0 ? "\r\n" : "\n";
            ranges.add(file("small" + number, "one" + end + number + end + (number % 2 == 0 ? "last" : "last" + end)));
            expected.addAll(hadoopPlaces(ranges.get(number)));
        }
        assertEquals(expected, places(ranges, 1 << 16));
        try (TextInput input = new TextInput(new InputSpec.Text(ranges), conf, 1 << 16, Damage.FAILS)) {
            int pieces = 0;
            for (String piece = nextText(input); !piece.isEmpty(); piece = nextText(input)) {
                pieces++;
            }
            assertEquals(2, pieces);
        }
    }

    @Test
    void readsConcatenatedGzipMembers() throws IOException {
        ByteArrayOutputStream stored = new ByteArrayOutputStream();
        for (String member : List.of("one\r\nt", "wo\n", "three")) {
            try (OutputStream gzip = new GZIPOutputStream(stored)) {
                gzip.write(member.getBytes(StandardCharsets.UTF_8));
            }
        }
        Path file = Files.write(folder.resolve("members.gz"), stored.toByteArray());
        InputSpec.FileRange range = new InputSpec.FileRange(file.toUri().toString(), 0, Files.size(file), true);
        assertEquals("one\ntwo\nthree\n", lines(range, 1 << 16));
    }

    @Test
    void namesADamagedGzipFileAndHowFarItWasRead() throws IOException {
        ByteArrayOutputStream stored = new ByteArrayOutputStream();
        byte[] text = "0123456789\n".repeat(100_000).getBytes(StandardCharsets.UTF_8);
        try (OutputStream gzip = new GZIPOutputStream(stored)) {
            gzip.write(text);
        }
        byte[] bytes = stored.toByteArray();
        Path cut = Files.write(folder.resolve("cut.gz"), Arrays.copyOf(bytes, bytes.length / 2));
        byte[] wrongEnd = bytes.clone();
        wrongEnd[bytes.length - 6] ^= 0x55;
        Path flipped = Files.write(folder.resolve("flipped.gz"), wrongEnd);
        assertTrue(
                damage(cut)
                        .matches(
                                "file:.*cut\\.gz is damaged: gzip stream ends early after [0-9,]{7,9} bytes of text\\.\nReplace it, .*"),
                damage(cut));
        assertTrue(damage(flipped).contains("flipped.gz is damaged: gzip stream is not valid ("), damage(flipped));
    }

    @Test
    void saysThatAFileIsNotWhatItsNameSays() throws IOException {
        Path text = Files.writeString(folder.resolve("plain.gz"), "hello\n");
        assertEquals(
                text.toUri() + " is not a gzip file, as its name says: it begins with bytes 68 65, not 1f 8b.\n"
                        + "Rename it if it is plain text, or leave it out of the input.",
                damage(text));
        Path other = Files.writeString(folder.resolve("plain.bz2"), "hello\n");
        assertTrue(damage(other).contains("is not a bzip2 file"), damage(other));
    }

    private String damage(Path file) throws IOException {
        InputSpec.FileRange range = new InputSpec.FileRange(file.toUri().toString(), 0, Files.size(file), true);
        InputException failure = assertThrows(InputException.class, () -> lines(range, 1 << 16));
        assertEquals(InputException.DAMAGED, failure.code());
        assertFalse(failure.retryable());
        return failure.getMessage();
    }

    @Test
    void bzip2SplitsTogetherGiveEveryLineOnce() throws IOException {
        Random random = new Random(7);
        StringBuilder text = new StringBuilder();
        for (int line = 0; line < 200_000; line++) {
            text.append(line).append(' ').append(random.nextInt()).append('\n');
        }
        byte[] content = text.toString().getBytes(StandardCharsets.UTF_8);
        BZip2Codec codec = new BZip2Codec();
        codec.setConf(conf);
        Path file = folder.resolve("numbers.bz2");
        try (OutputStream out = codec.createOutputStream(Files.newOutputStream(file))) {
            out.write(content);
        }
        long size = Files.size(file);
        ByteArrayOutputStream together = new ByteArrayOutputStream();
        for (int split = 0; split < 3; split++) {
            long start = size * split / 3;
            InputSpec.FileRange range =
                    new InputSpec.FileRange(file.toUri().toString(), start, size * (split + 1) / 3 - start, false);
            together.write(lines(range, 1 << 16).getBytes(StandardCharsets.ISO_8859_1));
        }
        assertArrayEquals(content, together.toByteArray());
    }

    @Test
    void namesAMissingFile() {
        InputSpec.FileRange range =
                new InputSpec.FileRange(folder.resolve("gone").toUri().toString(), 0, 10, false);
        InputException failure = assertThrows(InputException.class, () -> lines(range, 100));
        assertEquals(InputException.MISSING, failure.code());
    }

    @Test
    void readsThroughAnyFileSystem() throws IOException {
        InputSpec.FileRange local = file("d", "one\rtwo\n\nthree");
        conf.set("fs.other.impl", OtherFileSystem.class.getName());
        InputSpec.FileRange range = new InputSpec.FileRange(
                local.path().replaceFirst("^file:/+", "other:///"), 4, local.length() - 4, false);
        assertEquals("\nthree\n", lines(range, 100));
    }

    /** A local file system under another scheme, which the fast path for local files does not take. */
    public static final class OtherFileSystem extends RawLocalFileSystem {
        @Override
        public java.net.URI getUri() {
            return java.net.URI.create("other:///");
        }

        @Override
        public String getScheme() {
            return "other";
        }

        @Override
        public java.io.File pathToFile(org.apache.hadoop.fs.Path path) {
            return new java.io.File(path.toUri().getPath());
        }
    }

    private InputSpec.FileRange file(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        return new InputSpec.FileRange(file.toUri().toString(), 0, Files.size(file), false);
    }

    private static byte[] randomContent(Random random, int pieces) {
        StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? "\ufeff" : "");
        int kinds = 1 + random.nextInt(PIECES.length);
        int first = random.nextInt(PIECES.length);
        for (int piece = 0; piece < pieces; piece++) {
            text.append(PIECES[(first + random.nextInt(kinds)) % PIECES.length]);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Lines as bytes in Latin-1, each with LF. */
    private String lines(InputSpec.FileRange range, int blockBytes) throws IOException {
        return lines(List.of(range), blockBytes);
    }

    private String lines(List<InputSpec.FileRange> ranges, int blockBytes) throws IOException {
        StringBuilder all = new StringBuilder();
        try (TextInput input = new TextInput(new InputSpec.Text(ranges), conf, blockBytes, Damage.FAILS)) {
            for (String block = nextText(input); !block.isEmpty(); block = nextText(input)) {
                all.append(block);
            }
        }
        return all.toString();
    }

    /** The next block, or "" at the end. */
    private static String nextText(TextInput input) throws IOException {
        Optional<InputSource.Item> item = input.next();
        return item.map(found -> StandardCharsets.ISO_8859_1
                        .decode(((InputSource.Bytes) found).buffer())
                        .toString())
                .orElse("");
    }

    /** {@code path@byte} of each line, by the marks. */
    private List<String> places(List<InputSpec.FileRange> ranges, int blockBytes) throws IOException {
        List<String> places = new ArrayList<>();
        boolean lineOpen = false;
        try (TextInput input = new TextInput(new InputSpec.Text(ranges), conf, blockBytes, Damage.FAILS)) {
            for (Optional<InputSource.Item> item = input.next(); item.isPresent(); item = input.next()) {
                InputSource.Bytes piece = (InputSource.Bytes) item.get();
                byte[] bytes = new byte[piece.buffer().remaining()];
                piece.buffer().get(bytes);
                for (int at = 0; at < bytes.length; at++) {
                    if (at == 0 ? !lineOpen : bytes[at - 1] == '\n') {
                        places.add(place(piece.marks(), bytes, at));
                    }
                }
                lineOpen = bytes[bytes.length - 1] != '\n';
            }
        }
        return places;
    }

    private static String place(List<FileMark> marks, byte[] bytes, int at) {
        int index = 0;
        while (index + 1 < marks.size() && marks.get(index + 1).at() <= at) {
            index++;
        }
        FileMark mark = marks.get(index);
        long offset = mark.start() + at - mark.at();
        BitSet bits = mark.ends().equals("wide")
                ? null
                : BitSet.valueOf(HexFormat.of().parseHex(mark.ends()));
        int line = 0;
        for (int before = mark.at(); before < at; before++) {
            if (bytes[before] == '\n') {
                offset += bits == null || bits.get(line) ? 1 : 0;
                line++;
            }
        }
        return mark.path() + "@" + offset;
    }

    /** By the keys of Hadoop's reader, which counts a byte order mark to its line. */
    private List<String> hadoopPlaces(InputSpec.FileRange range) throws IOException {
        List<String> places = new ArrayList<>();
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(range.path());
        byte[] start = Files.readAllBytes(Path.of(path.toUri().getPath()));
        boolean marked =
                start.length > 2 && start[0] == (byte) 0xef && start[1] == (byte) 0xbb && start[2] == (byte) 0xbf;
        try (LineRecordReader reader = new LineRecordReader()) {
            reader.initialize(
                    new FileSplit(path, range.start(), range.length(), new String[0]),
                    new TaskAttemptContextImpl(conf, new TaskAttemptID()));
            while (reader.nextKeyValue()) {
                long key = reader.getCurrentKey().get();
                places.add(range.path() + "@" + (key == 0 && marked ? 3 : key));
            }
        }
        return places;
    }

    private String hadoopLines(InputSpec.FileRange range) throws IOException {
        StringBuilder all = new StringBuilder();
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(range.path());
        try (LineRecordReader reader = new LineRecordReader()) {
            reader.initialize(
                    new FileSplit(path, range.start(), range.length(), new String[0]),
                    new TaskAttemptContextImpl(conf, new TaskAttemptID()));
            while (reader.nextKeyValue()) {
                Text line = reader.getCurrentValue();
                all.append(new String(line.getBytes(), 0, line.getLength(), StandardCharsets.ISO_8859_1))
                        .append('\n');
            }
        }
        return all.toString();
    }
}
