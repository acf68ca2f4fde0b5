package io.weft.master.tasks;

import com.fasterxml.jackson.core.JsonGenerator;
import io.weft.master.plan.PlanNode;
import io.weft.master.plan.PlanNode.Read;
import io.weft.master.plan.Step;
import io.weft.master.stages.Layout;
import io.weft.master.stages.Layout.Part;
import io.weft.master.stages.StagePlanner;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** Writes the tree of one task, and numbers its inputs on the way. For one task, one thread. */
final class TreeWriter {
    private final Layout layout;
    private final Map<Integer, ? extends List<? extends InputSpec>> splits;
    private final Map<Integer, Integer> epochs;

    /** Inputs by stream number. */
    private final List<InputSpec> inputs = new ArrayList<>();

    private final KeptPartitions kept;

    TreeWriter(
            Layout layout,
            Map<Integer, ? extends List<? extends InputSpec>> splits,
            Map<Integer, Integer> epochs,
            KeptPartitions kept) {
        this.kept = kept;
        this.layout = layout;
        this.splits = splits;
        this.epochs = epochs;
    }

    List<InputSpec> inputs() {
        return inputs;
    }

    /** Writes the tree of one partition of one node as one JSON object. */
    void write(JsonGenerator to, int id, int partition) throws IOException {
        PlanNode node = layout.plan().node(id);
        if (node instanceof PlanNode.Union union && !union.aligned()) {
            Part part = layout.narrowParents(id, partition).get(0);
            write(to, part.node(), part.partition());
            return;
        }
        to.writeStartObject();
        if (node instanceof PlanNode.TextSource source) {
            writeText(to, source, partition);
        } else if (node instanceof PlanNode.FormatSource) {
            writeFormat(to, (InputSpec.Records) splits.get(id).get(partition));
        } else if (node instanceof PlanNode.DataSource source) {
            writeData(to, source, partition);
        } else if (node instanceof PlanNode.RangeSource source) {
            writeRange(to, source, partition);
        } else if (node instanceof PlanNode.EmptySource) {
            to.writeStringField("op", "empty");
        } else if (node instanceof PlanNode.Pipeline pipeline) {
            writePipeline(to, pipeline, partition);
        } else if (node instanceof PlanNode.Shuffle shuffle) {
            writeShuffle(to, shuffle, partition);
        } else if (node instanceof PlanNode.Cached cached) {
            writeCached(to, cached, partition);
        } else if (node instanceof PlanNode.Held held) {
            int rdd = held.origin().rdd();
            writeKept(to, rdd, partition, new InputSpec.Cached(places(rdd, partition), false));
            to.writeNullField("in");
        } else {
            String op = combination(node);
            to.writeStringField("op", op);
            if (!op.equals("concat")) {
                to.writeNumberField("index", partition);
            }
            writeParents(to, id, partition);
        }
        to.writeEndObject();
    }

    /** What the worker makes of several inputs. */
    private static String combination(PlanNode node) {
        if (node instanceof PlanNode.CoGroup) {
            return "cogroup";
        } else if (node instanceof PlanNode.Zip) {
            return "zip";
        }
        return node instanceof PlanNode.Cartesian ? "cartesian" : "concat";
    }

    private void writeParents(JsonGenerator to, int id, int partition) throws IOException {
        to.writeArrayFieldStart("in");
        for (Part part : layout.narrowParents(id, partition)) {
            write(to, part.node(), part.partition());
        }
        to.writeEndArray();
    }

    private int stream(InputSpec input) {
        inputs.add(input);
        return inputs.size() - 1;
    }

    private void writeText(JsonGenerator to, PlanNode.TextSource source, int partition) throws IOException {
        InputSpec.Text split = (InputSpec.Text) splits.get(source.id()).get(partition);
        if (split.ranges().isEmpty()) {
            to.writeStringField("op", "empty");
            return;
        }
        if (source.raw()) {
            writeRaw(to, new InputSpec.Raw(split.ranges()));
            return;
        }
        InputSpec.FileRange first = split.ranges().get(0);
        to.writeStringField("op", "input");
        to.writeNumberField("stream", stream(split));
        to.writeStringField("kind", "text");
        to.writeBooleanField("unicode", source.unicode());
        to.writeStringField("path", first.path());
        to.writeNumberField("start", first.start());
    }

    private void writeRaw(JsonGenerator to, InputSpec.Raw split) throws IOException {
        to.writeStringField("op", "input");
        to.writeNumberField("stream", stream(split));
        to.writeStringField("kind", "raw");
        to.writeArrayFieldStart("files");
        for (InputSpec.FileRange range : split.ranges()) {
            to.writeStartObject();
            to.writeStringField("path", range.path());
            to.writeNumberField("start", range.start());
            to.writeNumberField("length", range.length());
            to.writeEndObject();
        }
        to.writeEndArray();
    }

    private void writeData(JsonGenerator to, PlanNode.DataSource source, int partition) throws IOException {
        long from = source.offsets().get(partition);
        long length = source.offsets().get(partition + 1) - from;
        writeBatches(to, new InputSpec.Data(source.block(), from, length));
    }

    private void writeFormat(JsonGenerator to, InputSpec.Records split) throws IOException {
        if (!split.format().view().isOfFiles()) {
            writeBatches(to, split);
            return;
        }
        to.writeStringField("op", "input");
        to.writeNumberField("stream", stream(split));
        to.writeStringField("kind", "files");
    }

    private void writeBatches(JsonGenerator to, InputSpec input) throws IOException {
        to.writeStringField("op", "input");
        to.writeNumberField("stream", stream(input));
        to.writeStringField("kind", "batches");
    }

    private void writeRange(JsonGenerator to, PlanNode.RangeSource source, int partition) throws IOException {
        to.writeStringField("op", "range");
        writeInteger(to, "start", source.starts().get(partition));
        writeInteger(to, "stop", source.stops().get(partition));
        writeInteger(to, "step", source.step());
    }

    /** Python integers have no upper limit, and neither have JSON's. */
    private static void writeInteger(JsonGenerator to, String field, String decimal) throws IOException {
        to.writeFieldName(field);
        to.writeNumber(new BigInteger(decimal));
    }

    private void writePipeline(JsonGenerator to, PlanNode.Pipeline pipeline, int partition) throws IOException {
        to.writeStringField("op", "pipeline");
        to.writeNumberField("index", partition);
        to.writeFieldName("in");
        write(to, pipeline.parent(), partition);
        to.writeArrayFieldStart("steps");
        for (Step step : pipeline.steps()) {
            if (!step.isForWorker()) {
                continue;
            }
            to.writeStartObject();
            to.writeStringField("op", step.op());
            to.writeStringField("fn", step.function().orElse(null));
            to.writeStringField("name", step.name());
            to.writeStringField("site", step.site());
            if (step.errors().isPresent()) {
                to.writeStringField("errors", step.errors().get());
            }
            to.writeEndObject();
        }
        to.writeEndArray();
    }

    private void writeCached(JsonGenerator to, PlanNode.Cached cached, int partition) throws IOException {
        int rdd = cached.origin().rdd();
        writeKept(
                to,
                rdd,
                partition,
                new InputSpec.Cached(isReadable(cached) ? places(rdd, partition) : List.of(), true));
        to.writeFieldName("in");
        write(to, cached.parent(), partition);
    }

    /** Tasks that wait for each other compute all together: unless all partitions are kept, none is read. */
    private boolean isReadable(PlanNode.Cached cached) {
        return !layout.isBarrier(cached.id())
                || IntStream.range(0, layout.partitions(cached.id()))
                        .allMatch(partition ->
                                kept.find(cached.origin().rdd(), partition).isPresent());
    }

    private List<MapOutput> places(int rdd, int partition) {
        List<MapOutput> places = new ArrayList<>();
        kept.find(rdd, partition).ifPresent(places::add);
        places.addAll(kept.copies(rdd, partition));
        return places;
    }

    private void writeKept(JsonGenerator to, int rdd, int partition, InputSpec.Cached input) throws IOException {
        to.writeStringField("op", "cached");
        to.writeNumberField("stream", stream(input));
        to.writeNumberField("rdd", rdd);
        to.writeNumberField("partition", partition);
    }

    private void writeShuffle(JsonGenerator to, PlanNode.Shuffle shuffle, int partition) throws IOException {
        int maps = layout.partitions(shuffle.parent());
        to.writeStringField("op", "shuffle");
        to.writeNumberField("stream", stream(shuffleInput(shuffle.origin().rdd(), maps)));
        to.writeNumberField("maps", maps);
        to.writeNumberField("partition", partition);
        to.writeStringField("mode", shuffle.read().name().toLowerCase(Locale.ROOT));
        if (shuffle.combiner().isPresent()) {
            PlanNode.Combiner combiner = shuffle.combiner().get();
            to.writeStringField("create", combiner.create());
            to.writeStringField("value", combiner.mergeValue());
            to.writeStringField("merge", combiner.mergeCombiners());
            to.writeBooleanField("combined", combiner.mapSide());
        }
        if (shuffle.read() == Read.SORTED) {
            int bounds = StagePlanner.boundsShuffle(shuffle.origin().rdd());
            to.writeBooleanField("ascending", shuffle.placement().ascending());
            to.writeNumberField("bounds", stream(shuffleInput(bounds, 1)));
        }
    }

    private InputSpec shuffleInput(int shuffle, int maps) {
        Integer epoch = epochs.get(shuffle);
        if (epoch == null) {
            throw new IllegalArgumentException("no epoch for shuffle " + shuffle + ", only for " + epochs.keySet());
        }
        return new InputSpec.Shuffle(shuffle, epoch, maps);
    }
}
