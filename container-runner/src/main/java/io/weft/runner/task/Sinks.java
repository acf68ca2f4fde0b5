package io.weft.runner.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.output.PartOutput;
import io.weft.runner.output.RecordOutput;
import io.weft.runner.output.TextOutput;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.TaskSpec;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.shuffle.MapOutputFiles;
import io.weft.runner.shuffle.ShuffleReader;
import io.weft.runner.worker.Frame;
import io.weft.runner.worker.FrameType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/** Opens the sinks of a runner's tasks. Thread-safe. */
public final class Sinks {
    /** Where others find what this runner keeps; ports are 0 where there is none. */
    public record Address(String runner, String host, int blockPort, int shufflePort) {}

    /** Numbers of copies, which may lie beside what they are copies of. */
    private static final int FIRST_COPY = 1 << 24;

    private static final System.Logger LOG = System.getLogger(Sinks.class.getName());

    private final Address address;
    /** Tells the copies of a persisted partition apart. */
    private final AtomicInteger keptNumber;

    private final MapOutputFiles outputs;
    private final BlockStore results;
    private final List<Path> outputFolders;
    private final Supplier<Configuration> hadoop;

    public Sinks(
            Address address,
            MapOutputFiles outputs,
            BlockStore results,
            List<Path> outputFolders,
            Supplier<Configuration> hadoop) {
        this(address, outputs, results, outputFolders, hadoop, new AtomicInteger());
    }

    private Sinks(
            Address address,
            MapOutputFiles outputs,
            BlockStore results,
            List<Path> outputFolders,
            Supplier<Configuration> hadoop,
            AtomicInteger keptNumber) {
        this.keptNumber = keptNumber;
        this.address = address;
        this.outputs = outputs;
        this.results = results;
        this.outputFolders = List.copyOf(outputFolders);
        this.hadoop = hadoop;
    }

    Sinks withHadoop(Supplier<Configuration> other) {
        return new Sinks(address, outputs, results, outputFolders, other, keptNumber);
    }

    TaskSink open(TaskSpec spec) throws IOException {
        return new RejectingSink(spec, openOutput(spec), hadoop);
    }

    private TaskSink openOutput(TaskSpec spec) throws IOException {
        if (spec.output() instanceof OutputSpec.Result) {
            return new ResultSink(blockName(spec));
        }
        if (spec.output() instanceof OutputSpec.MapOutputFile file) {
            return new MapOutputSink(file.id());
        }
        if (spec.output() instanceof OutputSpec.TextFile file) {
            return new PartSink(TextOutput.open(file, spec.id(), hadoop.get()));
        }
        if (spec.output() instanceof OutputSpec.Records records) {
            return new PartSink(RecordOutput.open(records, spec.id(), hadoop.get()));
        }
        return (done, gate) -> Optional.of(TaskSink.Product.NOTHING);
    }

    /**
     * Publishes the persisted partitions that a task has made, as DONE names them. One that cannot be published is left out: it is
     * computed again when it is needed.
     */
    List<MapOutput> keep(JsonNode done, String application) {
        List<MapOutput> kept = new ArrayList<>();
        for (JsonNode entry : done.path("kept")) {
            int shuffle = MapOutputId.keptShuffle(entry.path("rdd").asInt());
            MapOutputId id = new MapOutputId(
                    application, shuffle, entry.path("partition").asInt(), keptNumber.getAndIncrement());
            try {
                kept.add(publish(entry, id));
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, () -> "a persisted partition is not kept: " + e.getMessage());
            }
        }
        return kept;
    }

    /** Copies a persisted partition of another runner; empty when that fails, as it is kept elsewhere. */
    public Optional<MapOutput> copy(MapOutput from, ShuffleReader reader) {
        int number = FIRST_COPY + keptNumber.getAndIncrement();
        MapOutputId id = new MapOutputId(
                from.id().application(), from.id().shuffle(), from.id().map(), number);
        try {
            Path written = KeptCopy.write(from, outputFolders.get(number % outputFolders.size()), reader);
            return Optional.of(publish(written, id));
        } catch (IOException | RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, () -> "a persisted partition is not copied: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Deletes the persisted partitions of an attempt that does not count. */
    void discardKept(JsonNode done) {
        for (JsonNode entry : done.path("kept")) {
            outputs.discard(Path.of(entry.path("path").asText("")));
        }
    }

    private MapOutput publish(JsonNode written, MapOutputId id) throws IOException {
        return publish(Path.of(written.path("path").asText("")).normalize(), id);
    }

    private MapOutput publish(Path temporary, MapOutputId id) throws IOException {
        if (temporary.getParent() == null || !outputFolders.contains(temporary.getParent())) {
            throw new ProtocolException(
                    "a worker put its map output into " + temporary + ", not into one of " + outputFolders);
        }
        MapOutputFiles.Published published = outputs.publish(temporary, id);
        return new MapOutput(
                id,
                address.runner(),
                address.host(),
                address.blockPort(),
                address.shufflePort(),
                published.path().toString(),
                published.partitions(),
                published.bytes());
    }

    /** Nobody will ask for what an attempt has made. A map output goes with its shuffle. */
    void drop(TaskSink.Product product) {
        product.result().filter(result -> !result.isInline()).ifPresent(result -> results.release(result.block()));
    }

    private static String blockName(TaskSpec spec) {
        return "result-s" + spec.id().stage() + "-p" + spec.id().partition() + "-a"
                + spec.id().attempt();
    }

    /** Keeps a result: in the report while it is small, else as a block. */
    private final class ResultSink implements TaskSink {
        private final String block;
        private final ByteArrayOutputStream small = new ByteArrayOutputStream();
        private Optional<BlockStore.Writer> large = Optional.empty();

        ResultSink(String block) {
            this.block = block;
        }

        @Override
        public void accept(Frame frame) throws IOException {
            if (frame.type() != FrameType.RESULT) {
                TaskSink.super.accept(frame);
            }
            ByteBuffer body = frame.body();
            if (large.isEmpty() && small.size() + body.remaining() <= ResultRef.MAX_INLINE_BYTES) {
                small.write(body.array(), body.arrayOffset() + body.position(), body.remaining());
                return;
            }
            if (large.isEmpty()) {
                large = Optional.of(results.create(block));
                large.get().write(ByteBuffer.wrap(small.toByteArray()));
            }
            large.get().write(body);
        }

        @Override
        public Optional<Product> finish(JsonNode done, CommitGate gate) throws IOException {
            long records = done.path("rowsOut").asLong();
            ResultRef result;
            if (large.isEmpty()) {
                result = reference("", small.size(), records, small.toByteArray());
            } else {
                large.get().commit();
                result = reference(block, large.get().bytes(), records, new byte[0]);
            }
            return Optional.of(new Product(Optional.empty(), Optional.of(result)));
        }

        private ResultRef reference(String name, long bytes, long records, byte[] inline) {
            return new ResultRef(name, address.runner(), address.host(), address.blockPort(), bytes, records, inline);
        }

        @Override
        public void close() throws IOException {
            if (large.isPresent()) {
                large.get().close();
            }
        }
    }

    /** Publishes the map output that the worker has written. */
    private final class MapOutputSink implements TaskSink {
        private final MapOutputId id;

        MapOutputSink(MapOutputId id) {
            this.id = id;
        }

        @Override
        public Optional<Product> finish(JsonNode done, CommitGate gate) throws IOException {
            JsonNode written = done.path("mapOutput");
            if (!written.isObject()) {
                throw new ProtocolException("a worker ended without its map output " + id.folder());
            }
            MapOutput output = publish(written, id);
            return Optional.of(new Product(Optional.of(output), Optional.empty()));
        }
    }

    /** Writes one part of a save, and commits it when allowed. */
    private static final class PartSink implements TaskSink {
        private final PartOutput output;

        PartSink(PartOutput output) {
            this.output = output;
        }

        @Override
        public void accept(Frame frame) throws IOException {
            if (frame.type() == FrameType.PART) {
                JsonNode part = frame.json();
                output.place(part.path("folder").asText(), part.path("last").asBoolean());
                return;
            }
            if (frame.type() != FrameType.OUTPUT) {
                TaskSink.super.accept(frame);
            }
            output.write(frame.body());
        }

        @Override
        public Optional<Product> finish(JsonNode done, CommitGate gate) throws IOException, InterruptedException {
            output.finish();
            if (!gate.isGranted()) {
                output.abort();
                return Optional.empty();
            }
            output.commit();
            return Optional.of(Product.NOTHING);
        }

        @Override
        public void close() throws IOException {
            output.close();
        }
    }
}
