package io.weft.runner.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskFailure;
import io.weft.runner.protocol.TaskSpec;
import io.weft.runner.shuffle.FetchFailedException;
import io.weft.runner.shuffle.ShuffleInput;
import io.weft.runner.worker.Frame;
import io.weft.runner.worker.FrameType;
import io.weft.runner.worker.Json;
import io.weft.runner.worker.Worker;
import io.weft.runner.worker.WorkerExit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What runner and worker say to each other about one task. {@link #run} belongs to the slot's thread, which reads all that the
 * worker sends and never writes anything large, so that both sides may write at once without waiting for each other.
 */
final class TaskConversation {
    private static final long EXIT_KNOWN_MILLIS = 2_000;
    private static final int BLOB_PART_BYTES = Frame.MAX_BULK_BYTES - 1024;
    private static final Set<String> KINDS_SERVED_ON = Set.of("user", "key", "input", "import", "budget");

    /** How it ended: with DONE's object and accumulator updates, or with the event that says why not. */
    record Ending(Optional<JsonNode> done, byte[] updates, RunnerEvent failure, boolean isReusable) {
        static Ending done(Frame frame) {
            return new Ending(Optional.of(frame.jsonPart()), frame.bytesPart(), null, true);
        }

        static Ending failed(RunnerEvent failure, boolean isReusable) {
            return new Ending(Optional.empty(), new byte[0], failure, isReusable);
        }
    }

    private final TaskSpec spec;
    private final Map<Integer, List<MapOutput>> outputs;
    private final TaskServices services;
    private final Worker worker;

    /** Has the worker killed, for a reason that becomes the attempt's failure. */
    private final Consumer<TaskFailure> stop;

    /** Whether the attempt was cancelled, so that nobody asks how its worker has ended. */
    private final BooleanSupplier cancelled;

    /** Inputs that have been opened, by stream. The slot's thread only. */
    private final Map<Integer, InputFeeder> feeders = new HashMap<>();

    private final LeftOut leftOut;
    private final BarrierLink barriers;
    private final long borderBefore;
    private volatile String step = "";

    TaskConversation(
            TaskSpec spec,
            Map<Integer, List<MapOutput>> outputs,
            TaskServices services,
            Worker worker,
            Consumer<TaskFailure> stop,
            BooleanSupplier cancelled) {
        this.spec = spec;
        this.outputs = outputs;
        this.services = services;
        this.worker = worker;
        this.stop = stop;
        this.cancelled = cancelled;
        this.leftOut = new LeftOut(spec.lenient());
        this.barriers = new BarrierLink(worker, services.feeders(), stop);
        this.borderBefore = worker.borderBytes();
    }

    /** The step that ran last as far as the worker has said, such as {@code flatMap etl.py:58}, or "". */
    String step() {
        return step;
    }

    /** Damaged files whose rest was left out: by path, what is wrong. */
    Map<String, String> leftOut() {
        return leftOut.files();
    }

    /** What becomes of the worker's calls of barrier() and allGather. */
    BarrierLink barriers() {
        return barriers;
    }

    /** Bytes over the worker's connection since this began, both ways. */
    long borderBytes() {
        return worker.borderBytes() - borderBefore;
    }

    /**
     * Sends the task; false when the worker had gone before it could see it.
     *
     * @throws IOException when the folders for its spill files cannot be made
     */
    boolean start() throws IOException {
        services.folders().createSpill(worker);
        worker.attachPrinted((error, lines) -> services.reports().printed(spec.id(), error, lines));
        try {
            worker.send(FrameType.TASK, 0, TaskMessage.of(spec, services, worker));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Serves the worker until it is done, has failed or has died.
     *
     * @throws IOException when {@code sink} cannot take what the worker puts out
     */
    Ending run(TaskSink sink) throws IOException {
        while (true) {
            Optional<Frame> received;
            try {
                received = worker.receive();
            } catch (IOException e) {
                return gone();
            }
            if (received.isEmpty()) {
                return gone();
            }
            Frame frame = received.get();
            if (frame.type() == FrameType.DONE) {
                return Ending.done(frame);
            }
            if (frame.type() == FrameType.ERROR) {
                return failed(frame);
            }
            handle(frame, sink);
        }
    }

    /** No more frames of any input. */
    void close() {
        feeders.values().forEach(InputFeeder::close);
    }

    private void handle(Frame frame, TaskSink sink) throws IOException {
        switch (frame.type()) {
            case OPEN -> open(frame.stream(), frame.json());
            case CREDIT -> feeder(frame).credit(Integer.toUnsignedLong(credits(frame)));
            case CLOSE -> feeder(frame).close();
            case NEED -> {
                String hash = frame.json().path("hash").asText("");
                services.feeders().execute(() -> sendBlob(hash));
            }
            case LOOKUP -> {
                int broadcast = frame.json().path("broadcast").asInt(-1);
                services.feeders().execute(() -> sendBroadcast(broadcast));
            }
            case BARRIER -> services.reports().event(barriers.reached(spec.id(), frame));
            case STEP -> step = frame.json().path("step").asText("");
            case RESULT, OUTPUT, PART, REJECTS -> sink.accept(frame);
            default -> throw new ProtocolException("a worker sent " + frame.type() + " during a task");
        }
    }

    private static int credits(Frame frame) {
        if (frame.body().remaining() != Integer.BYTES) {
            throw new ProtocolException("CREDIT of " + frame.body().remaining() + " bytes");
        }
        return frame.body().getInt(frame.body().position());
    }

    private InputFeeder feeder(Frame frame) {
        InputFeeder feeder = feeders.get(frame.stream());
        if (feeder == null) {
            throw new ProtocolException(frame.type() + " of stream " + frame.stream() + ", which is not open");
        }
        return feeder;
    }

    private void open(int stream, JsonNode request) {
        InputFeeder before = feeders.get(stream);
        if (stream >= spec.inputs().size() || (before != null && !before.hasEnded())) {
            throw new ProtocolException("OPEN of stream " + stream + "; the task has "
                    + spec.inputs().size() + " inputs, each opened again only after its END");
        }
        InputSpec input = spec.inputs().get(stream);
        InputFeeder feeder =
                new InputFeeder(worker, stream, request.path("credits").asLong(), () -> services.inputs()
                        .open(input, request, outputs.getOrDefault(stream, List.of()), leftOut));
        feeders.put(stream, feeder);
        services.feeders().execute(feeder);
    }

    private void sendBlob(String hash) {
        try (InputStream in = services.inputs().blob(hash)) {
            byte[] part = in.readNBytes(BLOB_PART_BYTES);
            boolean last;
            do {
                byte[] next = part.length < BLOB_PART_BYTES ? new byte[0] : in.readNBytes(BLOB_PART_BYTES);
                last = next.length == 0;
                ObjectNode head = Json.object().put("hash", hash).put("last", last);
                byte[] json = Json.bytes(head);
                ByteBuffer body = ByteBuffer.allocate(4 + json.length + part.length);
                body.putInt(json.length).put(json).put(part).flip();
                worker.send(FrameType.BLOB, 0, body);
                part = next;
            } while (!last);
        } catch (IOException | RuntimeException e) {
            stop.accept(Failures.runner("a function could not be brought to the worker", e));
        }
    }

    private void sendBroadcast(int broadcast) {
        ObjectNode answer = Json.object().put("broadcast", broadcast);
        try {
            answer.put("path", services.inputs().broadcast(broadcast).toString());
        } catch (BroadcastGoneException e) {
            answer.put("gone", e.getMessage());
        } catch (IOException | RuntimeException e) {
            stop.accept(Failures.runner("a broadcast could not be brought to the worker", e));
            return;
        }
        try {
            worker.send(FrameType.BROADCAST, 0, ByteBuffer.wrap(Json.bytes(answer)));
        } catch (IOException e) {
            stop.accept(Failures.runner("the worker could not be told of a broadcast", e));
        }
    }

    private Ending failed(Frame error) {
        JsonNode json = error.jsonPart();
        boolean reusable = KINDS_SERVED_ON.contains(json.path("kind").asText(""));
        if (json.path("cause").isObject()) {
            Optional<RunnerEvent> lost = lostOutput(json.path("cause"));
            Optional<Exception> failure = lost.isPresent() ? Optional.empty() : inputFailure();
            if (lost.isPresent()) {
                return Ending.failed(lost.get(), reusable);
            }
            if (failure.isPresent()) {
                return Ending.failed(event(failure.get(), json.toString()), reusable);
            }
        }
        return Ending.failed(new RunnerEvent.TaskFailed(spec.id(), Failures.reported(error)), reusable);
    }

    private Ending gone() {
        if (cancelled.getAsBoolean()) {
            return Ending.failed(new RunnerEvent.TaskCancelled(spec.id()), false);
        }
        Optional<Exception> failure = inputFailure().filter(FetchFailedException.class::isInstance);
        RunnerEvent event = failure.isPresent()
                ? event(failure.get(), "")
                : new RunnerEvent.TaskFailed(spec.id(), died(worker.awaitExit(EXIT_KNOWN_MILLIS)));
        return Ending.failed(event, false);
    }

    private TaskFailure died(WorkerExit exit) {
        List<String> said = tail();
        FaultReport fault = FaultReport.in(said);
        if (!fault.text().isEmpty()) {
            services.reports().fault(spec.id(), fault.text().lines().toList());
        }
        return Failures.died(TaskMessage.label(spec), exit, step, said, fault);
    }

    private List<String> tail() {
        worker.drainPrinted();
        return worker.errorTail();
    }

    private RunnerEvent event(Exception failure, String error) {
        if (failure instanceof FetchFailedException fetch) {
            return new RunnerEvent.FetchFailed(spec.id(), fetch.lost(), fetch.reason());
        }
        return new RunnerEvent.TaskFailed(spec.id(), Failures.input(failure, error));
    }

    /** Which input failed, a lost map output before anything else. */
    private Optional<Exception> inputFailure() {
        Optional<Exception> first = Optional.empty();
        for (InputFeeder feeder : feeders.values()) {
            Optional<Exception> failure = feeder.failure();
            if (failure.filter(FetchFailedException.class::isInstance).isPresent()) {
                return failure;
            }
            first = first.isPresent() ? first : failure;
        }
        return first;
    }

    /** A worker found a map output missing or its bytes damaged: that output counts as lost. */
    private Optional<RunnerEvent> lostOutput(JsonNode cause) {
        String kind = cause.path("kind").asText("");
        int stream = cause.path("stream")
                .asInt(outputs.size() == 1 ? outputs.keySet().iterator().next() : -1);
        List<MapOutput> known = outputs.getOrDefault(stream, List.of());
        if (known.isEmpty() || !(kind.equals("corrupt") || kind.equals("lost"))) {
            return Optional.empty();
        }
        List<MapOutputId> suspects = suspects(cause, feeders.get(stream), known);
        if (suspects.isEmpty()) {
            return Optional.empty();
        }
        String reason =
                "the output of " + suspects.get(0).folder() + " is " + (kind.equals("lost") ? "gone" : "damaged") + ": "
                        + cause.path("message").asText("wrong checksum");
        return Optional.of(new RunnerEvent.FetchFailed(spec.id(), suspects, reason));
    }

    /** The map that the worker names, or whose bytes stand where it says; else those whose bytes it has not all taken. */
    private static List<MapOutputId> suspects(JsonNode cause, InputFeeder feeder, List<MapOutput> known) {
        int map = cause.path("map").asInt(-1);
        if (map >= 0 && map < known.size()) {
            return List.of(known.get(map).id());
        }
        if (feeder == null) {
            return List.of();
        }
        if (cause.has("offset") && feeder.source().orElse(null) instanceof CachedInput cached) {
            return cached.read().map(one -> List.of(one.id())).orElse(List.of());
        }
        if (cause.has("offset") && feeder.source().orElse(null) instanceof ShuffleInput input) {
            return input.mapAt(cause.path("offset").asLong()).map(List::of).orElse(List.of());
        }
        return feeder.recentMaps().stream()
                .map(recent -> known.get(recent).id())
                .toList();
    }
}
