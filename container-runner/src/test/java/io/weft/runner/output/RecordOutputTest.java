package io.weft.runner.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.RecordFormat;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.SequenceFile;
import org.apache.hadoop.io.Text;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordOutputTest {
    /** marshal.dumps(["a", "b"], 2) and marshal.dumps([1, 2], 2). */
    private static final String KEYS = "5b02000000750100000061750100000062";

    private static final String VALUES = "5b0200000069010000006902000000";
    private static final String SITE = "saveAsSequenceFile at etl.py:88";

    private final Configuration conf = new Configuration();

    @TempDir
    Path folder;

    private OutputSpec.Records spec(boolean mapreduce, String valueClass) {
        String api = mapreduce ? "mapreduce.lib.output" : "mapred";
        RecordFormat format = new RecordFormat(
                mapreduce,
                "org.apache.hadoop." + api + ".SequenceFileOutputFormat",
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                RecordFormat.View.PAIRS);
        return new OutputSpec.Records(
                format, Optional.of("file:" + folder + "/out"), Text.class.getName(), valueClass, "uuid", 4);
    }

    private static byte[] batch() {
        byte[] payload = HexFormat.of().parseHex(KEYS + VALUES);
        CRC32 crc = new CRC32();
        crc.update(payload);
        ByteBuffer batch = ByteBuffer.allocate(20 + payload.length);
        batch.put((byte) 5).put((byte) 0).putShort((short) 0).putInt(2);
        batch.putInt((int) crc.getValue()).putLong(payload.length).put(payload);
        return batch.array();
    }

    private Path save(boolean mapreduce, String part) throws IOException {
        OutputSpec.Records spec = spec(mapreduce, IntWritable.class.getName());
        RecordJobOutput job = RecordJobOutput.of(spec, conf, true);
        job.check(SITE);
        job.setup(SITE);
        try (RecordOutput output = RecordOutput.open(spec, new TaskAttemptId(0, 3, 1), conf)) {
            for (byte one : batch()) { // in the smallest pieces that can come
                output.write(ByteBuffer.wrap(new byte[] {one}));
            }
            output.finish();
            assertFalse(Files.exists(folder.resolve("out/" + part)), "visible before the commit");
            output.commit();
        }
        job.commit();
        return folder.resolve("out/" + part);
    }

    private void assertHolds(Path file) throws IOException {
        var path = new org.apache.hadoop.fs.Path(file.toUri());
        try (SequenceFile.Reader reader = new SequenceFile.Reader(conf, SequenceFile.Reader.file(path))) {
            Text key = new Text();
            IntWritable value = new IntWritable();
            assertTrue(reader.next(key, value));
            assertEquals("a 1", key + " " + value);
            assertTrue(reader.next(key, value));
            assertEquals("b 2", key + " " + value);
            assertFalse(reader.next(key, value));
        }
    }

    @Test
    void writesThroughTheOlderInterface() throws IOException {
        assertHolds(save(false, "part-00003"));
        assertTrue(Files.exists(folder.resolve("out/_SUCCESS")));
    }

    @Test
    void writesThroughTheNewerInterface() throws IOException {
        assertHolds(save(true, "part-r-00003"));
        assertTrue(Files.exists(folder.resolve("out/_SUCCESS")));
    }

    @Test
    void saysThatARecordIsOfAnotherClassAndLeavesNothing() throws IOException {
        OutputSpec.Records spec = spec(false, Text.class.getName());
        RecordJobOutput job = RecordJobOutput.of(spec, conf, true);
        job.check(SITE);
        job.setup(SITE);
        try (RecordOutput output = RecordOutput.open(spec, new TaskAttemptId(0, 0, 0), conf)) {
            OutputException wrong = assertThrows(OutputException.class, () -> output.write(ByteBuffer.wrap(batch())));
            assertEquals(OutputException.UNUSABLE, wrong.code());
            assertTrue(wrong.getMessage().contains("wrong value class: org.apache.hadoop.io.IntWritable"));
        }
        job.abort();
        assertFalse(Files.exists(folder.resolve("out")));
    }

    @Test
    void namesAClassThatIsMissingBeforeAnythingRuns() {
        OutputException missing = assertThrows(
                OutputException.class, () -> RecordJobOutput.of(spec(false, "com.example.Missing"), conf, true)
                        .check(SITE));
        assertEquals(OutputException.UNUSABLE, missing.code());
        assertTrue(missing.getMessage().contains("com.example.Missing is not on the class path. Give its jar with"));
    }

    @Test
    void refusesABatchWithoutItsChecksum() throws IOException {
        byte[] damaged = batch();
        damaged[30]++;
        RecordBatches batches = new RecordBatches(null, null);
        assertThrows(IOException.class, () -> batches.take(ByteBuffer.wrap(damaged), (key, value) -> {}));
    }
}
