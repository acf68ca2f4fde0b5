package io.weft.runner.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.output.JobOutput;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class OutputTest {
    private static final String APPLICATION = "local_1715_42";

    private Path folder;
    private TestRunner test;

    @BeforeEach
    void start() throws IOException {
        folder = Files.createTempDirectory("weft-output-");
        test = new TestRunner(folder, 2, Map.of());
    }

    @AfterEach
    void end() {
        test.close();
        Delete.tree(folder);
    }

    @Test
    void writesNothingVisibleUntilTheCommitIsGranted() throws Exception {
        OutputSpec.TextFile output = save("granted");
        JobOutput job = JobOutput.of(output, new Configuration(), true);
        job.setup("saveAsTextFile at etl.py:88");
        TaskAttemptId id = test.launch(0, "{\"do\":\"output\"}", List.of(), output, 0);
        assertEquals(id, test.next(RunnerEvent.CommitWanted.class).id());
        assertEquals(List.of(), parts("granted"));
        test.runner.handle(new RunnerCommand.GrantCommit(id));
        assertEquals(id, test.next(RunnerEvent.TaskSucceeded.class).id());
        job.commit();
        List<Path> parts = parts("granted");
        assertEquals(1, parts.size());
        assertEquals("one\ntwo\n", Files.readString(parts.get(0)));
    }

    @Test
    void dropsTheOutputWhenTheCommitIsDenied() throws Exception {
        OutputSpec.TextFile output = save("denied");
        JobOutput job = JobOutput.of(output, new Configuration(), true);
        job.setup("saveAsTextFile at etl.py:88");
        TaskAttemptId id = test.launch(0, "{\"do\":\"output\"}", List.of(), output, 0);
        test.next(RunnerEvent.CommitWanted.class);
        test.runner.handle(new RunnerCommand.DenyCommit(id));
        assertEquals(id, test.next(RunnerEvent.TaskCancelled.class).id());
        job.commit();
        assertEquals(List.of(), parts("denied"));
    }

    @Test
    void dropsTheOutputWhenCancelledBeforeTheAnswer() throws Exception {
        OutputSpec.TextFile output = save("cancelled");
        JobOutput job = JobOutput.of(output, new Configuration(), true);
        job.setup("saveAsTextFile at etl.py:88");
        TaskAttemptId id = test.launch(0, "{\"do\":\"output\"}", List.of(), output, 0);
        test.next(RunnerEvent.CommitWanted.class);
        test.runner.handle(new RunnerCommand.Cancel(id, "another attempt was first"));
        assertEquals(id, test.next(RunnerEvent.TaskCancelled.class).id());
        test.runner.handle(new RunnerCommand.GrantCommit(id));
        job.commit();
        assertEquals(List.of(), parts("cancelled"));
    }

    @Test
    void publishesAMapOutputAndReadsItBack() throws Exception {
        MapOutput output = writeMap(0, "abc", "defg");
        assertEquals(2, output.partitions());
        assertEquals(7, output.bytes());
        tell(5, List.of(output, writeMap(1, "h", "ijk")));
        InputSpec shuffle = new InputSpec.Shuffle(5, 0, 2);
        test.launch(1, "{\"do\":\"read\",\"open\":{\"all\":1}}", List.of(shuffle), new OutputSpec.Result(), 0);
        assertEquals("defgijk", new String(test.nextResult(), StandardCharsets.UTF_8));
        test.launch(
                0,
                "{\"do\":\"read\",\"open\":{\"parts\":[[1,0,2],[0,0,1]]}}",
                List.of(shuffle),
                new OutputSpec.Result(),
                0);
        assertEquals("hijkabc", new String(test.nextResult(), StandardCharsets.UTF_8));
        test.runner.handle(new RunnerCommand.DropShuffle(5));
        TestRunner.await("the folder of a dropped shuffle goes", () -> !Files.exists(Path.of(output.path())));
    }

    @Test
    void namesTheMapOutputThatIsLost() throws Exception {
        MapOutput kept = writeMap(0, "a", "b");
        MapOutput lost = writeMap(1, "c", "d");
        Delete.tree(Path.of(lost.path()));
        tell(5, List.of(kept, lost));
        TaskAttemptId id = test.launch(
                0,
                "{\"do\":\"read\",\"open\":{\"all\":0}}",
                List.of(new InputSpec.Shuffle(5, 0, 2)),
                new OutputSpec.Result(),
                0);
        RunnerEvent.FetchFailed failed = test.next(RunnerEvent.FetchFailed.class);
        assertEquals(id, failed.id());
        assertEquals(List.of(lost.id()), failed.lost());
        assertEquals(1, writeMap(2, "x").partitions(), "the runner serves on");
    }

    @Test
    void countsAnOutputThatTheWorkerFindsDamagedAsLost() throws Exception {
        MapOutput first = writeMap(0, "a");
        MapOutput second = writeMap(1, "b");
        tell(5, List.of(first, second));
        String tree =
                "{\"do\":\"corrupt\",\"open\":{\"all\":0},\"cause\":{\"kind\":\"lost\",\"message\":\"short\",\"map\":1}}";
        test.launch(0, tree, List.of(new InputSpec.Shuffle(5, 0, 2)), new OutputSpec.Result(), 0);
        assertEquals(
                List.of(second.id()), test.next(RunnerEvent.FetchFailed.class).lost());
        tree =
                "{\"do\":\"corrupt\",\"open\":{\"all\":0},\"cause\":{\"kind\":\"corrupt\",\"message\":\"crc\",\"stream\":0}}";
        test.launch(0, tree, List.of(new InputSpec.Shuffle(5, 0, 2)), new OutputSpec.Result(), 0);
        assertTrue(test.next(RunnerEvent.FetchFailed.class).lost().contains(second.id()));
    }

    @Test
    void failsATaskThatNamesAShuffleNobodySent() throws Exception {
        test.launch(0, "{\"do\":\"read\"}", List.of(new InputSpec.Shuffle(9, 1, 2)), new OutputSpec.Result(), 0);
        RunnerEvent.TaskFailed failed = test.next(RunnerEvent.TaskFailed.class);
        assertEquals(FailureKind.INTERNAL, failed.failure().kind());
        assertTrue(
                failed.failure().summary().contains("shuffle 9 epoch 1"),
                failed.failure().summary());
    }

    @Test
    void waitsForAddedFilesBeforeTheTask() throws Exception {
        test.master.put("file-1", "print(1)".getBytes(StandardCharsets.UTF_8));
        test.runner.handle(new RunnerCommand.AddFile("dep.py", "file-1", true));
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
        assertEquals("print(1)", Files.readString(folder.resolve("disk1/weft-r1/files/dep.py")));
    }

    @Test
    void failsTasksWhileAnAddedFileCannotBeFetched() throws Exception {
        test.runner.handle(new RunnerCommand.AddFile("dep.py", "file-2", true));
        test.launch(0, "{\"do\":\"task\"}");
        RunnerEvent.TaskFailed failed = test.next(RunnerEvent.TaskFailed.class);
        assertTrue(
                failed.failure().summary().contains("dep.py"), failed.failure().summary());
        test.master.put("file-2", new byte[] {1});
        test.launch(0, "{\"do\":\"task\"}");
        test.nextResult();
        assertFalse(Files.exists(folder.resolve("disk1/weft-r1/files/.fetch-")));
    }

    private MapOutput writeMap(int map, String... parts) throws InterruptedException {
        MapOutputId id = new MapOutputId(APPLICATION, 5, map, 0);
        String tree = "{\"do\":\"map\",\"parts\":[\"" + String.join("\",\"", parts) + "\"]}";
        test.launch(0, tree, List.of(), new OutputSpec.MapOutputFile(id), 0);
        MapOutput output = test.next(RunnerEvent.TaskSucceeded.class).output().orElseThrow();
        assertTrue(Files.isDirectory(Path.of(output.path())));
        assertEquals(id.folder(), Path.of(output.path()).getFileName().toString());
        return output;
    }

    private void tell(int shuffle, List<MapOutput> outputs) {
        for (int map = 0; map < outputs.size(); map++) {
            test.runner.handle(new RunnerCommand.ShuffleOutputs(
                    shuffle, 0, map, List.of(outputs.get(map)), map == outputs.size() - 1));
        }
    }

    private OutputSpec.TextFile save(String name) {
        return new OutputSpec.TextFile(folder.resolve(name).toUri().toString(), Optional.empty(), "uuid-1", 1);
    }

    private List<Path> parts(String name) throws IOException {
        try (var files = Files.list(folder.resolve(name))) {
            return files.filter(file -> file.getFileName().toString().startsWith("part-"))
                    .toList();
        }
    }
}
