package io.weft.master.plan;

import io.weft.runner.protocol.RecordFormat;
import io.weft.runner.protocol.RecordFormat.View;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.generic.GenericRecord;

/** Decodes what a plan says of Hadoop's formats. */
final class Formats {
    private Formats() {}

    static PlanNode source(Origin origin, GenericRecord kind) {
        GenericRecord format = (GenericRecord) kind.get("format");
        return new PlanNode.FormatSource(
                origin,
                optional(kind, "paths"),
                format(format, View.valueOf(kind.get("view").toString())),
                Stream.of("keyClass", "valueClass")
                        .flatMap(field -> optional(format, field).stream())
                        .toList(),
                (Integer) kind.get("minPartitions"));
    }

    static PlanAction save(GenericRecord action) {
        GenericRecord format = (GenericRecord) action.get("format");
        ByteBuffer first = ((ByteBuffer) action.get("first")).duplicate();
        byte[] bytes = new byte[first.remaining()];
        first.get(bytes);
        return new PlanAction.SaveRecords(
                optional(action, "path"),
                format(format, View.PAIRS),
                optional(format, "keyClass"),
                optional(format, "valueClass"),
                bytes);
    }

    private static RecordFormat format(GenericRecord format, View view) {
        Map<String, String> settings = new LinkedHashMap<>();
        ((Map<?, ?>) format.get("settings")).forEach((name, value) -> settings.put(name.toString(), value.toString()));
        return new RecordFormat(
                (Boolean) format.get("mapreduce"),
                format.get("name").toString(),
                optional(format, "keyConverter"),
                optional(format, "valueConverter"),
                settings,
                view);
    }

    private static Optional<String> optional(GenericRecord datum, String field) {
        return Optional.ofNullable(datum.get(field)).map(Object::toString);
    }
}
