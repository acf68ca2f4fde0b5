package io.weft.master.plan;

import io.weft.master.plan.PlanNode.Combiner;
import io.weft.master.plan.PlanNode.Placement;
import io.weft.master.plan.PlanNode.Read;
import io.weft.master.plan.PlanNode.Writer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/** Plan bytes (one Avro datum, no container) to a checked {@link Plan}. Immutable; any thread. */
public final class PlanDecoder {
    private static final String SCHEMA_RESOURCE = "io/weft/plan.avsc";
    private static final int VERSION = 1;

    private final Schema schema;

    public PlanDecoder() {
        try (InputStream in = PlanDecoder.class.getClassLoader().getResourceAsStream(SCHEMA_RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(SCHEMA_RESOURCE + " is not on the class path; the jar is incomplete");
            }
            schema = new Schema.Parser().parse(in);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + SCHEMA_RESOURCE, e);
        }
    }

    /** The schema that {@link #decode} reads. */
    public Schema schema() {
        return schema;
    }

    /** @throws InvalidPlanException when the bytes are no plan, or a plan that cannot be run */
    public Plan decode(byte[] bytes) {
        GenericRecord datum;
        try {
            BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, null);
            datum = new GenericDatumReader<GenericRecord>(schema).read(null, decoder);
            if (!decoder.isEnd()) {
                throw new InvalidPlanException("plan of " + bytes.length + " bytes has bytes after its end");
            }
        } catch (IOException | AvroRuntimeException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw new InvalidPlanException("plan of " + bytes.length + " bytes cannot be read: " + e, e);
        }
        int version = integer(datum, "version");
        if (version != VERSION) {
            throw new InvalidPlanException("plan has version " + version + ", this ApplicationMaster reads version "
                    + VERSION + "; driver and ApplicationMaster are of different releases");
        }
        Plan plan = plan(datum);
        PlanChecks.check(plan);
        return plan;
    }

    private static Plan plan(GenericRecord datum) {
        List<PlanNode> nodes = new ArrayList<>();
        for (GenericRecord node : records(datum, "nodes")) {
            nodes.add(node(node, nodes.size()));
        }
        Map<String, String> properties = new LinkedHashMap<>();
        ((Map<?, ?>) datum.get("properties"))
                .forEach((name, value) -> properties.put(name.toString(), value.toString()));
        return new Plan(
                text(datum, "name"),
                text(datum, "site"),
                properties,
                integer(datum, "result"),
                integers(datum, "partitions"),
                action((GenericRecord) datum.get("action")),
                nodes);
    }

    private static PlanAction action(GenericRecord action) {
        return switch (action.getSchema().getName()) {
            case "Collect" -> new PlanAction.Collect();
            case "Drain" -> new PlanAction.Drain();
            case "SaveText" ->
                new PlanAction.SaveText(
                        text(action, "path"),
                        optional(action, "codec"),
                        (Boolean) action.get("raw"),
                        text(action, "suffix"),
                        new PlanAction.Placing(
                                text(action, "mode"), (Long) action.get("targetBytes"), (Boolean) action.get("byKey")));
            case "SaveRecords" -> Formats.save(action);
            default ->
                throw new IllegalStateException("schema has an action that is not decoded: "
                        + action.getSchema().getName());
        };
    }

    private static PlanNode node(GenericRecord node, int id) {
        Origin origin = new Origin(id, integer(node, "rdd"), text(node, "name"), text(node, "site"));
        GenericRecord kind = (GenericRecord) node.get("kind");
        return switch (kind.getSchema().getName()) {
            case "TextSource" ->
                new PlanNode.TextSource(
                        origin,
                        text(kind, "paths"),
                        integer(kind, "minPartitions"),
                        (Boolean) kind.get("unicode"),
                        (Boolean) kind.get("raw"),
                        (Boolean) kind.get("combine"),
                        (Boolean) kind.get("whole"));
            case "DataSource" ->
                new PlanNode.DataSource(origin, text(kind, "block"), longs(kind, "offsets"), hosts(kind));
            case "FormatSource" -> Formats.source(origin, kind);
            case "RangeSource" ->
                new PlanNode.RangeSource(origin, texts(kind, "starts"), texts(kind, "stops"), text(kind, "step"));
            case "EmptySource" -> new PlanNode.EmptySource(origin, integer(kind, "partitions"));
            case "Pipeline" -> new PlanNode.Pipeline(origin, integer(kind, "parent"), steps(kind));
            case "Shuffle" -> shuffle(origin, kind);
            case "Union" -> new PlanNode.Union(origin, integers(kind, "parents"), (Boolean) kind.get("aligned"));
            case "Coalesce" -> new PlanNode.Coalesce(origin, integer(kind, "parent"), integer(kind, "partitions"));
            case "Zip" -> new PlanNode.Zip(origin, integers(kind, "parents"));
            case "Cartesian" -> new PlanNode.Cartesian(origin, integers(kind, "parents"));
            case "Cached" ->
                new PlanNode.Cached(
                        origin, integer(kind, "parent"), (Boolean) kind.get("droppable"), integer(kind, "copies"));
            case "Held" -> new PlanNode.Held(origin, integer(kind, "partitions"));
            case "Known" -> new PlanNode.Known(origin);
            case "CoGroup" -> new PlanNode.CoGroup(origin, integers(kind, "parents"));
            default ->
                throw new IllegalStateException("schema has a node that is not decoded: "
                        + kind.getSchema().getName());
        };
    }

    private static List<Step> steps(GenericRecord kind) {
        List<Step> steps = new ArrayList<>();
        for (GenericRecord step : records(kind, "steps")) {
            steps.add(new Step(
                    text(step, "op"),
                    optional(step, "function"),
                    text(step, "name"),
                    text(step, "site"),
                    optional(step, "errors"),
                    integer(step, "processors"),
                    integer(step, "profile")));
        }
        return steps;
    }

    private static PlanNode.Shuffle shuffle(Origin origin, GenericRecord kind) {
        Writer writer = Writer.valueOf(text(kind, "writer").toUpperCase(Locale.ROOT));
        Read read = Read.valueOf(text(kind, "read").toUpperCase(Locale.ROOT));
        Optional<Combiner> combiner = Optional.empty();
        if (read == Read.COMBINE) {
            combiner = Optional.of(new Combiner(
                    required(origin, kind, "create"),
                    required(origin, kind, "mergeValue"),
                    required(origin, kind, "mergeCombiners"),
                    (Boolean) kind.get("mapSideCombine")));
        }
        Placement placement =
                new Placement(optional(kind, "partitioner"), optional(kind, "key"), (Boolean) kind.get("ascending"));
        return new PlanNode.Shuffle(
                origin, integer(kind, "parent"), integer(kind, "partitions"), writer, read, placement, combiner);
    }

    private static String required(Origin origin, GenericRecord kind, String field) {
        return optional(kind, field)
                .orElseThrow(() -> InvalidPlanException.of(origin, "a combining shuffle needs its function " + field));
    }

    private static int integer(GenericRecord datum, String field) {
        return (Integer) datum.get(field);
    }

    private static String text(GenericRecord datum, String field) {
        return datum.get(field).toString();
    }

    private static Optional<String> optional(GenericRecord datum, String field) {
        return Optional.ofNullable(datum.get(field)).map(Object::toString);
    }

    private static List<String> texts(GenericRecord datum, String field) {
        List<String> values = new ArrayList<>();
        ((List<?>) datum.get(field)).forEach(value -> values.add(value.toString()));
        return values;
    }

    private static List<List<String>> hosts(GenericRecord kind) {
        List<List<String>> hosts = new ArrayList<>();
        ((List<?>) kind.get("hosts"))
                .forEach(one ->
                        hosts.add(((List<?>) one).stream().map(Object::toString).toList()));
        return hosts;
    }

    private static List<Integer> integers(GenericRecord datum, String field) {
        List<Integer> values = new ArrayList<>();
        ((List<?>) datum.get(field)).forEach(value -> values.add((Integer) value));
        return values;
    }

    private static List<Long> longs(GenericRecord datum, String field) {
        List<Long> values = new ArrayList<>();
        ((List<?>) datum.get(field)).forEach(value -> values.add((Long) value));
        return values;
    }

    private static List<GenericRecord> records(GenericRecord datum, String field) {
        List<GenericRecord> values = new ArrayList<>();
        ((List<?>) datum.get(field)).forEach(value -> values.add((GenericRecord) value));
        return values;
    }
}
