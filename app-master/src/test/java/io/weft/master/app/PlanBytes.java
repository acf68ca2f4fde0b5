package io.weft.master.app;

import io.weft.master.plan.PlanDecoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Plans of one source, as the driver writes them. */
final class PlanBytes {
    private static final Schema SCHEMA = new PlanDecoder().schema();

    private PlanBytes() {}

    /** {@code range(...).collect()} of as many partitions. */
    static byte[] collectOfRange(int partitions) {
        GenericRecord range = record(kind("RangeSource"));
        range.put("starts", Collections.nCopies(partitions, "0"));
        range.put("stops", Collections.nCopies(partitions, "1"));
        range.put("step", "1");
        return plan("Collect", range);
    }

    /** {@code emptyRDD().foreach(...)} of as many partitions. */
    static byte[] drainOfEmpty(int partitions) {
        GenericRecord empty = record(kind("EmptySource"));
        empty.put("partitions", partitions);
        return plan("Drain", empty);
    }

    /** {@code textFile(path).collect()}. */
    static byte[] collectOfText(String path) {
        GenericRecord text = record(kind("TextSource"));
        text.put("paths", path);
        text.put("minPartitions", 2);
        text.put("unicode", true);
        text.put("raw", false);
        text.put("combine", false);
        text.put("whole", false);
        return plan("Collect", text);
    }

    private static byte[] plan(String action, GenericRecord source) {
        GenericRecord node = new GenericData.Record(nodeSchema());
        node.put("rdd", 1);
        node.put("name", "source");
        node.put("site", "etl.py:7");
        node.put("kind", source);
        GenericRecord plan = record(SCHEMA);
        plan.put("version", 1);
        plan.put("name", action.toLowerCase(java.util.Locale.ROOT));
        plan.put("site", "etl.py:8");
        plan.put("properties", Map.of("weft.job.group", "nightly"));
        plan.put("result", 0);
        plan.put("partitions", List.of());
        plan.put("action", record(type(SCHEMA.getField("action").schema(), action)));
        plan.put("nodes", List.of(node));
        return bytes(plan);
    }

    private static byte[] bytes(GenericRecord plan) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            new GenericDatumWriter<GenericRecord>(SCHEMA).write(plan, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    private static Schema nodeSchema() {
        return SCHEMA.getField("nodes").schema().getElementType();
    }

    private static Schema kind(String name) {
        return type(nodeSchema().getField("kind").schema(), name);
    }

    private static Schema type(Schema union, String name) {
        return union.getTypes().stream()
                .filter(one -> one.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static GenericRecord record(Schema schema) {
        return new GenericData.Record(schema);
    }
}
