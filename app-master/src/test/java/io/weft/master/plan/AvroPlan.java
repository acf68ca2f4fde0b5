package io.weft.master.plan;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Writes plans as the driver does, also ones that no driver would write. */
final class AvroPlan {
    private final Schema schema = new PlanDecoder().schema();
    private final Schema nodeSchema = schema.getField("nodes").schema().getElementType();
    private final List<GenericRecord> nodes = new ArrayList<>();
    private int version = 1;

    AvroPlan version(int value) {
        version = value;
        return this;
    }

    /** Adds a node; {@code fields} are name, value, name, value. A map stands for a record of the type {@code Step}. */
    AvroPlan node(String kind, Object... fields) {
        Schema kindSchema = union(nodeSchema.getField("kind").schema(), kind);
        GenericRecord node = new GenericData.Record(nodeSchema);
        node.put("rdd", nodes.size() + 1);
        node.put("name", "step" + nodes.size());
        node.put("site", "etl.py:" + (nodes.size() + 1));
        node.put("kind", record(kindSchema, fields));
        nodes.add(node);
        return this;
    }

    /** A shuffle of node {@code parent} with everything optional absent, then {@code fields}. */
    AvroPlan shuffle(int parent, Object... fields) {
        Object[] all = new Object[fields.length + 14];
        Object[] base = {
            "parent",
            parent,
            "partitions",
            2,
            "writer",
            "hash",
            "read",
            "plain",
            "partitioner",
            null,
            "mapSideCombine",
            false,
            "ascending",
            true
        };
        System.arraycopy(base, 0, all, 0, base.length);
        System.arraycopy(fields, 0, all, base.length, fields.length);
        return node("Shuffle", all);
    }

    AvroPlan step(int parent, String op, String function) {
        Schema steps = union(nodeSchema.getField("kind").schema(), "Pipeline")
                .getField("steps")
                .schema();
        GenericRecord step =
                record(steps.getElementType(), "op", op, "function", function, "name", op, "site", "etl.py:77");
        return node("Pipeline", "parent", parent, "steps", List.of(step));
    }

    byte[] bytes(int result, Integer... partitions) {
        Schema action = union(schema.getField("action").schema(), "SaveText");
        GenericRecord plan = record(schema, "version", version, "name", "saveAsTextFile", "site", "etl.py:88");
        plan.put("properties", Map.of("weft.job.group", "nightly"));
        plan.put("result", result);
        plan.put("partitions", List.of(partitions));
        plan.put("action", record(action, "path", "hdfs://nn1/out", "codec", null));
        plan.put("nodes", nodes);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            new GenericDatumWriter<GenericRecord>(schema).write(plan, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    private static GenericRecord record(Schema schema, Object... fields) {
        GenericRecord record = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) {
            if (field.hasDefaultValue()) {
                record.put(field.pos(), GenericData.get().getDefaultValue(field));
            }
        }
        for (int i = 0; i < fields.length; i += 2) {
            Schema type = schema.getField((String) fields[i]).schema();
            Object value = type.getType() == Schema.Type.ENUM
                    ? new GenericData.EnumSymbol(type, fields[i + 1])
                    : fields[i + 1];
            record.put((String) fields[i], value);
        }
        return record;
    }

    private static Schema union(Schema union, String name) {
        return union.getTypes().stream()
                .filter(type -> type.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
