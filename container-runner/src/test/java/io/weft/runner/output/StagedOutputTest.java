package io.weft.runner.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagedOutputTest {
    private static final String SITE = "saveAsTextFile at etl.py:88";

    @TempDir
    Path folder;

    private final Configuration conf = new Configuration();
    private int jobs;

    @Test
    void nothingIsSeenBeforeTheCommitAndAllOfItAfter() throws IOException {
        Save save = save(SaveMode.ERROR, "one");
        assertEquals(List.of(), visible());
        save.output.commit();
        assertEquals("{_SUCCESS=, part-00000=one}", content().toString());
        assertEquals(List.of("out"), all());
    }

    @Test
    void ofTwoThatWriteToOnePlaceTheSecondFailsAndLeavesTheFirstAlone() throws IOException {
        Save first = save(SaveMode.ERROR, "first");
        Save second = save(SaveMode.ERROR, "second");
        first.output.commit();
        OutputException failure = assertThrows(OutputException.class, second.output::commit);
        assertEquals(OutputException.EXISTS, failure.code());
        second.output.abort();
        assertEquals("{_SUCCESS=, part-00000=first}", content().toString());
        assertEquals(List.of("out"), all());
    }

    @Test
    void overwritingReplacesTheFolderAndLeavesNothingBeside() throws IOException {
        save(SaveMode.OVERWRITE, "old").output.commit();
        Files.writeString(folder.resolve("out/another"), "x");
        Save save = save(SaveMode.OVERWRITE, "new");
        assertEquals("{_SUCCESS=, another=x, part-00000=old}", content().toString());
        save.output.commit();
        assertEquals("{_SUCCESS=, part-00000=new}", content().toString());
        assertEquals(List.of("out"), all());
    }

    @Test
    void appendingAddsFilesOfOtherNames() throws IOException {
        save(SaveMode.APPEND, "one").output.commit();
        save(SaveMode.APPEND, "two").output.commit();
        save(SaveMode.APPEND, "three").output.commit();
        assertEquals(
                "[, one, three, two]",
                content().values().stream().sorted().toList().toString());
        assertEquals(List.of("out"), all());
    }

    @Test
    void whatDiedBetweenTheTwoMovesIsFinishedByTheNextSave() throws IOException {
        save(SaveMode.OVERWRITE, "old").output.commit();
        Path staged = Files.createDirectory(folder.resolve(".out.weft"));
        Files.move(folder.resolve("out"), staged.resolve("dead~0~1.old"));
        Files.createDirectory(staged.resolve("dead~0~1.new"));
        Files.writeString(staged.resolve("dead~0~1.new/part-00000"), "new");
        Files.writeString(staged.resolve("dead~0~1.new/_SUCCESS"), "");
        assertThrows(OutputException.class, () -> save(SaveMode.ERROR, "next"));
        assertEquals("{_SUCCESS=, part-00000=new}", content().toString());
        assertEquals(List.of("out"), all());
    }

    @Test
    void anIncompleteOutputNeverTakesThePlaceOfTheOldOne() throws IOException {
        save(SaveMode.OVERWRITE, "old").output.commit();
        Path staged = Files.createDirectory(folder.resolve(".out.weft"));
        Files.move(folder.resolve("out"), staged.resolve("dead~0~1.old"));
        assertThrows(OutputException.class, () -> save(SaveMode.ERROR, "next"));
        assertEquals("{_SUCCESS=, part-00000=old}", content().toString());
    }

    @Test
    void anAppendThatDiedHalfwayIsFinishedByTheNextSave() throws IOException {
        save(SaveMode.APPEND, "one").output.commit();
        Files.delete(folder.resolve("out/_SUCCESS"));
        Path complete = Files.createDirectories(folder.resolve(".out.weft/dead~0~1.append/k=1"));
        Files.writeString(complete.resolve("part-00000-x"), "two");
        save(SaveMode.APPEND, "three").output.commit();
        assertEquals(
                "[, one, three, two]",
                content().values().stream().sorted().toList().toString());
        assertEquals("two", content().get("k=1/part-00000-x"));
    }

    @Test
    void whatAnEarlierAttemptAtTheApplicationHasBegunIsRemoved() throws IOException {
        Path dead = Files.createDirectories(folder.resolve(".out.weft/app~dead~0.new/_temporary"));
        Path other = Files.createDirectories(folder.resolve(".out.weft/other~x~0.new/_temporary"));
        save(SaveMode.ERROR, "one").output.commit();
        assertFalse(Files.exists(dead));
        assertTrue(Files.exists(other));
    }

    @Test
    void aFileEndsAtItsTargetSizeBehindARecordAndKeysHaveFoldersOfTheirOwn() throws IOException {
        OutputSpec.Parts parts = new OutputSpec.Parts("", 10, true);
        Save save = begin(SaveMode.ERROR, parts);
        try (TextOutput output = TextOutput.open(save.spec, new TaskAttemptId(0, 3, 0), conf)) {
            for (String line : List.of("aaaaaa\n", "bbbbbb\n", "cc\n")) {
                output.place("k=1", false);
                output.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
                output.place("k=2", false);
                output.write(ByteBuffer.wrap("x\n".getBytes(StandardCharsets.UTF_8)));
            }
            output.place("k=1", true);
            assertThrows(OutputException.class, () -> output.place("../k", false));
            output.finish();
            output.commit();
        }
        save.output.commit();
        assertEquals(
                "{_SUCCESS=, k=1/part-00003-00000=aaaaaa|bbbbbb|, k=1/part-00003-00001=cc|, k=2/part-00003-00000=x|x|x|}",
                content().toString());
    }

    @Test
    void messagesNameTheOutputAndNotWhereItIsMade() {
        assertEquals(
                "hdfs://nn/a/out: full, also hdfs://nn/a/out/part-1",
                Staging.shown(
                        "hdfs://nn/a/.out.weft/app_1~x~3.new: full, also hdfs://nn/a/.out.weft/app_1~x~3.new/part-1"));
    }

    private record Save(SavedOutput output, OutputSpec.TextFile spec) {}

    private Save begin(SaveMode mode, OutputSpec.Parts parts) throws IOException {
        StagedName name = new StagedName("app", "now", jobs++);
        OutputSpec.TextFile[] made = new OutputSpec.TextFile[1];
        SavedOutput output = StagedOutput.of("file:" + folder + "/out", mode, name, conf, (work, unique) -> {
            OutputSpec.Parts own = new OutputSpec.Parts(unique, parts.targetBytes(), parts.byKey());
            made[0] = new OutputSpec.TextFile(work, Optional.empty(), "uuid", name.job(), "", own);
            return JobOutput.of(made[0], conf, true);
        });
        output.check(SITE);
        output.setup(SITE);
        return new Save(output, made[0]);
    }

    /** A job whose one task has committed. */
    private Save save(SaveMode mode, String text) throws IOException {
        Save save = begin(mode, OutputSpec.Parts.ONE);
        try (TextOutput output = TextOutput.open(save.spec, new TaskAttemptId(0, 0, 0), conf)) {
            output.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            output.finish();
            output.commit();
        }
        return save;
    }

    private List<String> all() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private List<String> visible() throws IOException {
        return all().stream().filter(name -> !name.startsWith(".")).toList();
    }

    private TreeMap<String, String> content() throws IOException {
        Path out = folder.resolve("out");
        TreeMap<String, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(out)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                found.put(
                        out.relativize(file).toString(), Files.readString(file).replace('\n', '|'));
            }
        }
        return found;
    }
}
