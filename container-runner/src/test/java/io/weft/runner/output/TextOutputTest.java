package io.weft.runner.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextOutputTest {
    private static final String SITE = "saveAsTextFile at etl.py:88";

    @TempDir
    Path folder;

    private final Configuration conf = new Configuration();

    @Test
    void writesPartsThatAppearWhenTheJobCommits() throws IOException {
        OutputSpec.TextFile spec = spec(Optional.empty());
        JobOutput job = JobOutput.of(spec, conf, true);
        job.check(SITE);
        job.setup(SITE);
        for (int partition = 0; partition < 3; partition++) {
            TextOutput output = write(spec, partition, 0, "part " + partition + "\n");
            output.commit();
        }
        assertFalse(Files.exists(folder.resolve("out/part-00000")));
        job.commit();
        assertEquals(
                List.of("_SUCCESS", "part-00000", "part-00001", "part-00002"),
                OutputFolders.names(folder.resolve("out")));
        assertEquals("part 2\n", Files.readString(folder.resolve("out/part-00002")));
        assertEquals(
                "rw-r--r--",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("out/part-00002"))));
    }

    @Test
    void keepsTheCommittedAttemptOfTwoAndNothingOfTheOther() throws IOException {
        OutputSpec.TextFile spec = spec(Optional.empty());
        JobOutput job = JobOutput.of(spec, conf, true);
        job.setup(SITE);
        TextOutput loser = write(spec, 0, 0, "loser\n");
        TextOutput winner = write(spec, 0, 1, "winner\n");
        winner.commit();
        loser.abort();
        job.commit();
        assertEquals(List.of("_SUCCESS", "part-00000"), OutputFolders.names(folder.resolve("out")));
        assertEquals("winner\n", Files.readString(folder.resolve("out/part-00000")));
    }

    @Test
    void aSecondCommitOfATaskReplacesTheFirst() throws IOException {
        OutputSpec.TextFile spec = spec(Optional.empty());
        JobOutput job = JobOutput.of(spec, conf, true);
        job.setup(SITE);
        write(spec, 0, 0, "first\n").commit();
        write(spec, 0, 1, "second\n").commit();
        job.commit();
        assertEquals("second\n", Files.readString(folder.resolve("out/part-00000")));
    }

    @Test
    void closingWithoutCommitRemovesTheFile() throws IOException {
        OutputSpec.TextFile spec = spec(Optional.empty());
        JobOutput job = JobOutput.of(spec, conf, true);
        job.setup(SITE);
        write(spec, 0, 0, "text\n").close();
        job.commit();
        assertEquals(List.of("_SUCCESS"), OutputFolders.names(folder.resolve("out")));
    }

    @Test
    void anAbortedJobLeavesNothing() throws IOException {
        OutputSpec.TextFile spec = spec(Optional.empty());
        JobOutput job = JobOutput.of(spec, conf, true);
        job.setup(SITE);
        write(spec, 0, 0, "text\n").commit();
        job.abort();
        assertFalse(Files.exists(folder.resolve("out")));
    }

    @Test
    void compressesWithTheCodecNamed() throws IOException {
        OutputSpec.TextFile spec = spec(Optional.of("org.apache.hadoop.io.compress.GzipCodec"));
        JobOutput job = JobOutput.of(spec, conf, true);
        job.setup(SITE);
        write(spec, 7, 0, "text\n").commit();
        job.commit();
        assertEquals(List.of("_SUCCESS", "part-00007.gz"), OutputFolders.names(folder.resolve("out")));
        try (InputStream text = new GZIPInputStream(Files.newInputStream(folder.resolve("out/part-00007.gz")))) {
            assertEquals("text\n", new String(text.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void namesACodecThatIsNone() {
        OutputSpec.TextFile spec = spec(Optional.of("org.apache.hadoop.io.Text"));
        OutputException failure =
                assertThrows(OutputException.class, () -> TextOutput.open(spec, new TaskAttemptId(1, 0, 0), conf));
        assertTrue(
                failure.getMessage().startsWith("org.apache.hadoop.io.Text is not a compression codec"),
                failure.getMessage());
    }

    @Test
    void refusesAnOutputThatExists() throws IOException {
        Files.createDirectory(folder.resolve("out"));
        OutputException failure =
                assertThrows(OutputException.class, () -> JobOutput.of(spec(Optional.empty()), conf, true)
                        .check(SITE));
        assertEquals(OutputException.EXISTS, failure.code());
        assertEquals(
                "file:" + folder
                        + "/out exists (saveAsTextFile at etl.py:88); nothing was run.\nDelete it, or choose another path.",
                failure.getMessage());
    }

    @Test
    void qualifiesARelativePathWhereItsUserStands() throws IOException {
        assertEquals("file:" + Path.of("").toAbsolutePath() + "/out", JobOutput.qualify("out", SITE, conf));
        OutputException failure =
                assertThrows(OutputException.class, () -> JobOutput.qualify("hdfs://nowhere.invalid/out", SITE, conf));
        assertEquals(OutputException.SILENT, failure.code());
        assertEquals(
                "hdfs://nowhere.invalid/out cannot be reached (saveAsTextFile at etl.py:88): the host nowhere.invalid is not known"
                        + " here. Check the address of its file system, and whether it runs.",
                failure.getMessage());
    }

    @Test
    void directBuffersAreWrittenToo() throws IOException {
        OutputSpec.TextFile spec = spec(Optional.empty());
        JobOutput job = JobOutput.of(spec, conf, true);
        job.setup(SITE);
        ByteBuffer direct = ByteBuffer.allocateDirect(200_000);
        try (TextOutput output = TextOutput.open(spec, new TaskAttemptId(1, 0, 0), conf)) {
            output.write(direct);
            assertEquals(200_000, output.bytes());
            assertFalse(direct.hasRemaining());
            output.finish();
            output.commit();
        }
        job.commit();
        assertEquals(200_000, Files.size(folder.resolve("out/part-00000")));
    }

    @Test
    void saysThatADiskIsFullWhichHadoopThrowsAsAnError() {
        conf.set("fs.full.impl", FullFileSystem.class.getName());
        OutputSpec.TextFile spec = new OutputSpec.TextFile("full:" + folder + "/out", Optional.empty(), "7d9f", 5);
        OutputException failure = assertThrows(OutputException.class, () -> write(spec, 0, 0, "text\n"));
        assertEquals("full:" + folder + "/out cannot be written: No space left on device", failure.getMessage());
        assertEquals(OutputException.REFUSED, failure.code());
    }

    @Test
    void saysWhyALocalFolderCannotBeMade() throws IOException {
        Files.writeString(folder.resolve("file"), "");
        OutputSpec.TextFile spec = new OutputSpec.TextFile("file:" + folder + "/file/out", Optional.empty(), "7d9f", 5);
        OutputException failure = assertThrows(
                OutputException.class, () -> JobOutput.of(spec, conf, true).setup(SITE));
        assertEquals(OutputException.REFUSED, failure.code());
        assertTrue(failure.getMessage().contains("nothing was run): Not a directory"), failure.getMessage());
    }

    private OutputSpec.TextFile spec(Optional<String> codec) {
        return new OutputSpec.TextFile("file:" + folder + "/out", codec, "7d9f", 5);
    }

    private TextOutput write(OutputSpec.TextFile spec, int partition, int attempt, String text) throws IOException {
        TextOutput output = TextOutput.open(spec, new TaskAttemptId(1, partition, attempt), conf);
        output.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        output.finish();
        return output;
    }
}
