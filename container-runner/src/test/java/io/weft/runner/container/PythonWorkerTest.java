package io.weft.runner.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskFailure;
import io.weft.runner.protocol.TaskStats;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The runner with Weft's own Python workers: both sides of PROTOCOL.md and MAPOUTPUT.md meet. */
final class PythonWorkerTest {
    private static final Path PYTHON = Path.of("../python").toAbsolutePath().normalize();

    private Path folder;
    private TestRunner test;

    @BeforeEach
    void start() throws IOException {
        folder = Files.createTempDirectory("weft-python-");
        test = new TestRunner(folder, 2, PYTHON, Map.of());
    }

    @AfterEach
    void end() {
        test.close();
        Delete.tree(folder);
    }

    @Test
    void countsWords() throws Exception {
        Path file = Files.writeString(folder.resolve("a.txt"), "to be or not to be\nto do\n");
        String tree = pipeline(
                "{\"op\":\"input\",\"stream\":0,\"kind\":\"text\",\"unicode\":true,\"path\":\"a.txt\",\"start\":0}",
                step("flatMap", "lambda line: line.split()"),
                step("map", "lambda word: (word, 1)"));
        String add = blob("lambda a, b: a + b");
        String combine = "{\"create\":" + quoted(blob("lambda v: v")) + ",\"value\":" + quoted(add) + ",\"merge\":"
                + quoted(add) + "}";
        String sink =
                "{\"kind\":\"shuffle\",\"writer\":\"hash\",\"partitions\":2,\"fn\":null,\"combine\":" + combine + "}";
        InputSpec text = new InputSpec.Text(
                List.of(new InputSpec.FileRange(file.toUri().toString(), 0, Files.size(file), false)));
        List<MapOutput> outputs = new ArrayList<>();
        for (int map = 0; map < 2; map++) {
            MapOutputId id = new MapOutputId("local_1715_42", 3, map, 0);
            test.launch(map, tree, sink, List.of(text), new OutputSpec.MapOutputFile(id));
            RunnerEvent.TaskSucceeded done = test.next(RunnerEvent.TaskSucceeded.class);
            outputs.add(done.output().orElseThrow());
            assertTrue(done.stats().peakRssBytes() > 1 << 20, done.toString());
        }
        test.runner.handle(new RunnerCommand.ShuffleOutputs(3, 0, 0, outputs, true));
        List<String> counts = new ArrayList<>();
        for (int partition = 0; partition < 2; partition++) {
            counts.addAll(reduce(partition, combine));
        }
        counts.sort(null);
        assertEquals(List.of("('be', 4)", "('do', 2)", "('not', 2)", "('or', 2)", "('to', 6)"), counts);
    }

    @Test
    void countsADamagedMapOutputAsLost() throws Exception {
        String sink = "{\"kind\":\"shuffle\",\"writer\":\"hash\",\"partitions\":1,\"fn\":null,\"combine\":null}";
        String tree =
                pipeline("{\"op\":\"range\",\"start\":0,\"stop\":1000,\"step\":1}", step("map", "lambda n: (n, n)"));
        List<MapOutput> outputs = new ArrayList<>();
        for (int map = 0; map < 3; map++) {
            MapOutputId id = new MapOutputId("local_1715_42", 3, map, 0);
            test.launch(0, tree, sink, List.of(), new OutputSpec.MapOutputFile(id));
            outputs.add(test.next(RunnerEvent.TaskSucceeded.class).output().orElseThrow());
        }
        try (RandomAccessFile data = new RandomAccessFile(outputs.get(1).path() + "/file.out", "rw")) {
            data.seek(outputs.get(1).bytes() / 2);
            int old = data.read();
            data.seek(outputs.get(1).bytes() / 2);
            data.write(old ^ 0xff);
        }
        test.runner.handle(new RunnerCommand.ShuffleOutputs(3, 0, 0, outputs, true));
        test.launch(
                0,
                "{\"op\":\"shuffle\",\"stream\":0,\"maps\":3,\"partition\":0,\"mode\":\"plain\"}",
                "{\"kind\":\"result\"}",
                List.of(new InputSpec.Shuffle(3, 0, 3)),
                new OutputSpec.Result());
        RunnerEvent.FetchFailed failed = test.next(RunnerEvent.FetchFailed.class);
        assertEquals(List.of(outputs.get(1).id()), failed.lost(), failed.reason());
    }

    @Test
    void bringsTheUsersExceptionWithItsRecord() throws Exception {
        fails("{\"op\":\"range\",\"start\":0,\"stop\":10,\"step\":1}", "lambda n: 1 // (n - 7)");
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertEquals("E01", failure.code());
        assertTrue(failure.summary().startsWith("ZeroDivisionError: "), failure.summary());
        assertTrue(failure.error().contains("\"record\":\"7\""), failure.error());
        assertTrue(failure.pickled().length > 0);
    }

    @Test
    void namesThePlaceWhereNativeCodeCrashed() throws Exception {
        fails(
                "{\"op\":\"range\",\"start\":0,\"stop\":1,\"step\":1}",
                "lambda n: (print('on the way'), __import__('ctypes').string_at(0))");
        TaskFailure failure = test.next(RunnerEvent.TaskFailed.class).failure();
        assertEquals("E08", failure.code());
        // the module is known where the operators are compiled
        String summary = failure.summary().replace(" in _ctypes (native code)", "");
        assertTrue(summary.contains("died by SIGSEGV; the last Python line was "), failure.summary());
        assertTrue(test.lines(false).contains("on the way"));
        range(0);
    }

    @Test
    void printsThroughLogging() throws Exception {
        fails(
                "{\"op\":\"range\",\"start\":0,\"stop\":2,\"step\":1}",
                "lambda n: (__import__('logging').warning('record %d', n), n)[1]");
        test.next(RunnerEvent.TaskSucceeded.class);
        assertEquals(List.of("WARNING:root:record 0", "WARNING:root:record 1"), test.lines(true));
        assertFalse(test.lines(false).stream().anyMatch(line -> line.contains("record")));
    }

    @Test
    void anEmptyTaskTakesLessThanAFewMilliseconds() throws Exception {
        int rounds = Integer.getInteger("weft.speed.tasks", 1000);
        long[] micros = new long[rounds];
        for (int i = 0; i < 2 * rounds; i++) {
            long before = System.nanoTime();
            range(0);
            micros[i % rounds] = (System.nanoTime() - before) / 1_000;
        }
        Arrays.sort(micros);
        long median = micros[rounds / 2];
        System.out.println("empty task with a Python worker: median " + median + " us, best " + micros[0] + " us");
        assertTrue(median < 10_000, "an empty task took " + median + " us");
    }

    private TaskStats range(int slot) throws InterruptedException {
        test.launch(
                slot,
                "{\"op\":\"range\",\"start\":0,\"stop\":1,\"step\":1}",
                "{\"kind\":\"result\"}",
                List.of(),
                new OutputSpec.Result());
        return test.next(RunnerEvent.TaskSucceeded.class).stats();
    }

    private void fails(String input, String function) throws Exception {
        test.launch(
                0, pipeline(input, step("map", function)), "{\"kind\":\"result\"}", List.of(), new OutputSpec.Result());
    }

    /** The pairs of one partition, each as Python writes it. */
    private List<String> reduce(int partition, String combine) throws Exception {
        String shuffle = "{\"op\":\"shuffle\",\"stream\":0,\"maps\":2,\"partition\":" + partition
                + ",\"mode\":\"combine\",\"combined\":true," + combine.substring(1);
        test.launch(
                partition,
                pipeline(shuffle, step("map", "repr")),
                "{\"kind\":\"text\"}",
                List.of(new InputSpec.Shuffle(3, 0, 2)),
                new OutputSpec.TextFile(
                        folder.resolve("out").toUri().toString(), java.util.Optional.empty(), "uuid", 1));
        RunnerEvent.CommitWanted wanted = test.next(RunnerEvent.CommitWanted.class);
        test.runner.handle(new RunnerCommand.GrantCommit(wanted.id()));
        test.next(RunnerEvent.TaskSucceeded.class);
        List<String> lines = new ArrayList<>();
        try (var files = Files.walk(folder.resolve("out"))) {
            for (Path file : files.filter(one -> one.getFileName().toString().startsWith("part-"))
                    .toList()) {
                lines.addAll(Files.readAllLines(file));
                Files.delete(file);
            }
        }
        return lines;
    }

    private static String pipeline(String input, String... steps) {
        return "{\"op\":\"pipeline\",\"index\":0,\"in\":" + input + ",\"steps\":[" + String.join(",", steps) + "]}";
    }

    private String step(String operation, String function) throws Exception {
        return "{\"op\":\"" + operation + "\",\"fn\":" + quoted(blob(function)) + ",\"name\":\"" + operation
                + "\",\"site\":\"etl.py:1\"}";
    }

    private static String quoted(String text) {
        return "\"" + text + "\"";
    }

    /** Pickles a Python expression by Python itself, and gives it to the ApplicationMaster. */
    private String blob(String expression) throws Exception {
        Process python = new ProcessBuilder(
                        "python3",
                        "-c",
                        "import cloudpickle, sys\nprint(cloudpickle.dumps(eval(sys.argv[1])).hex())",
                        expression)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String hex = new String(python.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        assertEquals(0, python.waitFor());
        byte[] bytes = HexFormat.of().parseHex(hex);
        String hash = Hash.of(bytes);
        test.master.put(hash, bytes);
        return hash;
    }
}
