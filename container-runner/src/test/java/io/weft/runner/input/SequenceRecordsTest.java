package io.weft.runner.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.BooleanWritable;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.DoubleWritable;
import org.apache.hadoop.io.FloatWritable;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.SequenceFile;
import org.apache.hadoop.io.SequenceFile.CompressionType;
import org.apache.hadoop.io.ShortWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.VIntWritable;
import org.apache.hadoop.io.Writable;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.DefaultCodec;
import org.apache.hadoop.io.compress.GzipCodec;
import org.apache.hadoop.mapred.FileSplit;
import org.apache.hadoop.mapred.JobConf;
import org.apache.hadoop.mapred.SequenceFileInputFormat;
import org.apache.hadoop.util.ReflectionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Hadoop's own reader gives of each split, pickled, is the expectation. */
final class SequenceRecordsTest {
    private static final int RECORDS = 700;

    private final JobConf conf = new JobConf();
    private final Random random = new Random(5);

    @TempDir
    File folder;

    private Path write(
            Supplier<Writable> key,
            Supplier<Writable> value,
            CompressionType type,
            Class<? extends CompressionCodec> codec)
            throws IOException {
        conf.setInt("io.seqfile.compress.blocksize", 900);
        Path path = new Path("file:" + folder + "/pairs");
        try (SequenceFile.Writer writer = SequenceFile.createWriter(
                conf,
                SequenceFile.Writer.file(path),
                SequenceFile.Writer.keyClass(key.get().getClass()),
                SequenceFile.Writer.valueClass(value.get().getClass()),
                SequenceFile.Writer.syncInterval(200),
                SequenceFile.Writer.compression(type, ReflectionUtils.newInstance(codec, conf)))) {
            for (int record = 0; record < RECORDS; record++) {
                writer.append(key.get(), value.get());
            }
        }
        return path;
    }

    private static byte[] drain(PickledRecords records, PickleBuffer keys, PickleBuffer values) throws IOException {
        int count = 0;
        try (records) {
            keys.startList();
            values.startList();
            while (records.next()) {
                count++;
            }
            keys.endList();
            values.endList();
        }
        byte[] all = Arrays.copyOf(keys.array(), keys.size() + values.size() + 1);
        System.arraycopy(values.array(), 0, all, keys.size(), values.size());
        all[all.length - 1] = (byte) count;
        return all;
    }

    private byte[] expected(Path path, long start, long length, boolean pairs) throws IOException {
        PickleBuffer keys = new PickleBuffer();
        PickleBuffer values = new PickleBuffer();
        FileSplit split = new FileSplit(path, start, length, new String[0]);
        var records = new ConvertedRecords(
                new MapredRecords(new SequenceFileInputFormat<>(), split, conf),
                pairs,
                new ConvertedRecords.Column(UnaryOperator.identity(), new Pickling(keys, !pairs)),
                new ConvertedRecords.Column(UnaryOperator.identity(), new Pickling(values, !pairs)));
        return drain(records, keys, values);
    }

    private byte[] found(Path path, long start, long length, boolean pairs) throws IOException {
        PickleBuffer keys = new PickleBuffer();
        PickleBuffer values = new PickleBuffer();
        Optional<PickleBuffer> wanted = pairs ? Optional.of(keys) : Optional.empty();
        var records = SequenceRecords.open(path, start, length, wanted, values, conf);
        return drain(records.orElseThrow(), keys, values);
    }

    private void assertSplitsAreRead(Path path) throws IOException {
        long length = new File(path.toUri()).length();
        for (boolean pairs : new boolean[] {true, false}) {
            assertArrayEquals(expected(path, 0, length, pairs), found(path, 0, length, pairs));
            List<Long> bounds = new ArrayList<>(List.of(0L, 3L, 150L, length - 30, length - 1, length));
            for (int cut = 0; cut < 30; cut++) {
                bounds.add((long) random.nextInt((int) length));
            }
            bounds.addAll(marks(path));
            bounds.sort(null);
            for (int at = 1; at < bounds.size(); at++) {
                assertSplitIsRead(path, bounds.get(at - 1), bounds.get(at), pairs);
                assertSplitIsRead(path, bounds.get(random.nextInt(at)), bounds.get(at), pairs);
            }
        }
    }

    private void assertSplitIsRead(Path path, long start, long end, boolean pairs) throws IOException {
        byte[] wanted = expected(path, start, end - start, pairs);
        assertArrayEquals(wanted, found(path, start, end - start, pairs), "bytes " + start + " to " + end);
    }

    /** Where marks and what stands before them begin, where the header ends, and the bytes beside. */
    private List<Long> marks(Path path) throws IOException {
        byte[] bytes = Files.readAllBytes(java.nio.file.Path.of(path.toUri()));
        int header;
        try (SequenceFile.Reader reader = new SequenceFile.Reader(conf, SequenceFile.Reader.file(path))) {
            header = (int) reader.getPosition();
        }
        List<Long> found = new ArrayList<>(List.of(header - 1L, (long) header, header + 1L));
        for (int at = header; at + 16 <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + 16, bytes, header - 16, header)) {
                found.addAll(List.of(at - 5L, at - 4L, at - 3L, (long) at));
            }
        }
        assertTrue(found.size() > 40);
        return found;
    }

    private Writable text() {
        byte[] bytes = new byte[random.nextInt(4) == 0 ? random.nextInt(300) : random.nextInt(20)];
        random.nextBytes(bytes); // most of them are not well-formed
        boolean plain = random.nextBoolean();
        for (int at = 0; plain && at < bytes.length; at++) {
            bytes[at] = (byte) (bytes[at] & 0x7f);
        }
        Text text = new Text();
        text.set(bytes, 0, bytes.length);
        return text;
    }

    private Writable bytes() {
        byte[] bytes = new byte[random.nextInt(400)];
        random.nextBytes(bytes);
        return new BytesWritable(bytes);
    }

    private Writable number() {
        return new LongWritable(random.nextLong() >> random.nextInt(64));
    }

    @Test
    void splitsOfPlainFilesAreReadAsHadoopReadsThem() throws IOException {
        assertSplitsAreRead(write(this::text, this::number, CompressionType.NONE, DefaultCodec.class));
    }

    @Test
    void splitsOfFilesWithCompressedBlocksAreReadAsHadoopReadsThem() throws IOException {
        assertSplitsAreRead(write(this::text, this::bytes, CompressionType.BLOCK, GzipCodec.class));
        assertSplitsAreRead(write(() -> NullWritable.get(), this::text, CompressionType.BLOCK, DefaultCodec.class));
    }

    @Test
    void everyKindOfValueIsReadAsHadoopReadsIt() throws IOException {
        List<Supplier<Writable>> kinds = List.of(
                () -> new IntWritable(random.nextInt() >> random.nextInt(32)),
                () -> new ShortWritable((short) random.nextInt()),
                () -> new DoubleWritable(random.nextGaussian()),
                () -> new FloatWritable(random.nextFloat()),
                () -> new BooleanWritable(random.nextBoolean()),
                () -> NullWritable.get(),
                this::bytes);
        for (Supplier<Writable> kind : kinds) {
            Path path = write(kind, kind, CompressionType.NONE, DefaultCodec.class);
            long length = new File(path.toUri()).length();
            assertArrayEquals(expected(path, 0, length, true), found(path, 0, length, true));
        }
    }

    @Test
    void recordsLargerThanTheWindowAreWhole() throws IOException {
        Path path = write(
                this::number,
                () -> new BytesWritable(new byte[random.nextInt(20) == 0 ? 600_000 : 10]),
                CompressionType.NONE,
                DefaultCodec.class);
        long length = new File(path.toUri()).length();
        assertArrayEquals(expected(path, 0, length, true), found(path, 0, length, true));
    }

    @Test
    void othersAreLeftToHadoop() throws IOException {
        PickleBuffer buffer = new PickleBuffer();
        Path path = write(() -> new VIntWritable(7), this::text, CompressionType.NONE, DefaultCodec.class);
        assertTrue(SequenceRecords.open(path, 0, 1000, Optional.empty(), buffer, conf)
                .isEmpty());
        path = write(this::text, this::text, CompressionType.RECORD, DefaultCodec.class);
        assertTrue(SequenceRecords.open(path, 0, 1000, Optional.empty(), buffer, conf)
                .isEmpty());
    }

    @Test
    void aDamagedFileSaysWhere() throws IOException {
        Path path = write(this::text, this::number, CompressionType.NONE, DefaultCodec.class);
        File file = new File(path.toUri());
        new File(folder, ".pairs.crc").delete();
        try (RandomAccessFile open = new RandomAccessFile(file, "rw")) {
            open.setLength(file.length() - 3);
        }
        IOException cut = assertThrows(IOException.class, () -> found(path, 0, file.length(), true));
        assertEquals("the file ends at byte " + file.length() + ", within a record", cut.getMessage());
        try (RandomAccessFile open = new RandomAccessFile(file, "rw")) {
            open.seek(file.length() / 2);
            open.write(new byte[] {-1, -1, -1, -2, -1, -1, -1, -2, -1, -1, -1, -2, -1, -1, -1, -2});
        }
        assertThrows(IOException.class, () -> found(path, 0, file.length(), true));
    }
}
