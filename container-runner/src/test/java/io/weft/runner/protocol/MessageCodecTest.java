package io.weft.runner.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageCodecTest {
    private final MessageCodec codec = new MessageCodec();

    private static TaskSpec task() {
        return new TaskSpec(
                new TaskAttemptId(2, 17, 1),
                5,
                "{\"op\":\"empty\"}",
                "{\"kind\":\"none\"}",
                List.of(
                        new InputSpec.Text(List.of(new InputSpec.FileRange("hdfs://nn/é", 0, 1L << 40, false))),
                        new InputSpec.Raw(List.of(new InputSpec.FileRange("file:/x", 1, 2, false))),
                        new InputSpec.Data("data-1", 3, 4),
                        new InputSpec.Shuffle(3, 1, 240)),
                true,
                new OutputSpec.TextFile(
                        "hdfs://nn/out",
                        Optional.of("gzip"),
                        "uuid",
                        7,
                        ".avro",
                        new OutputSpec.Parts("-x", 1L << 40, true)),
                1 << 26,
                0,
                List.of("dep.zip"),
                Map.of("weft.job.group", "nightly", "a", "b"));
    }

    @Test
    void bringsATaskBackAsItWas() {
        RunnerCommand.Launch launch = new RunnerCommand.Launch(3, task(), 7);
        assertEquals(launch, codec.decode(codec.encode(launch), RunnerCommand.Launch.class));
    }

    @Test
    void bringsEveryKindOfEventBack() {
        MapOutputId id = new MapOutputId("application_1_2", 3, 4, 5);
        MapOutput output = new MapOutput(id, "r1", "node1", 1, 2, "/data/x", 8, 900);
        List<RunnerEvent> events = List.of(
                new RunnerEvent.TaskCancelled(new TaskAttemptId(1, 2, 3)),
                new RunnerEvent.FetchFailed(new TaskAttemptId(1, 2, 3), List.of(id), "gone"),
                new RunnerEvent.CommitWanted(new TaskAttemptId(1, 2, 3)),
                new RunnerEvent.WorkerRegistered(1, 2, "3.11.7", "cpython", "siphash13", true),
                new RunnerEvent.Printed(new TaskAttemptId(1, 2, 3), true, List.of("a", "", "ü")));
        for (RunnerEvent event : events) {
            assertEquals(event, codec.decode(codec.encode(event), RunnerEvent.class));
        }
        byte[] pickled = {1, 2, 3};
        RunnerEvent.TaskSucceeded succeeded = new RunnerEvent.TaskSucceeded(
                new TaskAttemptId(1, 2, 3), TaskStats.NONE, Optional.of(output), Optional.empty(), pickled);
        RunnerEvent.TaskSucceeded same = codec.decode(codec.encode(succeeded), RunnerEvent.TaskSucceeded.class);
        assertArrayEquals(pickled, same.updates());
        assertEquals(Optional.of(output), same.output());
        RunnerEvent.TaskFailed failed = new RunnerEvent.TaskFailed(
                new TaskAttemptId(1, 2, 3), new TaskFailure(FailureKind.USER, "E01", "s", "{}", pickled, ""));
        RunnerEvent.TaskFailed back = codec.decode(codec.encode(failed), RunnerEvent.TaskFailed.class);
        assertArrayEquals(pickled, back.failure().pickled());
        assertEquals(FailureKind.USER, back.failure().kind());
    }

    @Test
    void refusesAShortMessageThatClaimsBillionsOfElements() {
        byte[] report = codec.encode(new Link.Report("r", 0, List.of(new byte[] {1})));
        byte[] hostile = report.clone();
        int list = report.length - 4; // list length 1, class, length 1, the byte
        byte[] huge = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7};
        hostile = java.util.Arrays.copyOf(hostile, list + huge.length);
        System.arraycopy(huge, 0, hostile, list, huge.length);
        byte[] message = hostile;
        assertThrows(ProtocolException.class, () -> codec.decode(message, Link.Report.class));
    }

    @Test
    void refusesUnknownTypesTrailingBytesAndTheWrongMessage() {
        byte[] ack = codec.encode(new Link.Ack(3));
        assertThrows(ProtocolException.class, () -> codec.decode(ack, Link.Poll.class));
        assertThrows(
                ProtocolException.class,
                () -> codec.decode(java.util.Arrays.copyOf(ack, ack.length + 1), Link.Ack.class));
        assertThrows(RuntimeException.class, () -> codec.encode(new StringBuilder("x")));
    }

    @Test
    void survivesGarbageWithAProtocolErrorOnly() {
        byte[] good = codec.encode(new RunnerCommand.Launch(3, task(), 0));
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            byte[] bad = good.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            try {
                codec.decode(bad, RunnerCommand.Launch.class);
            } catch (ProtocolException expected) {
                continue;
            }
        }
    }
}
