import io.weft.shaded.avro.Schema;
import io.weft.shaded.avro.file.CodecFactory;
import io.weft.shaded.avro.file.DataFileReader;
import io.weft.shaded.avro.file.DataFileWriter;
import io.weft.shaded.avro.generic.GenericData;
import io.weft.shaded.avro.generic.GenericDatumReader;
import io.weft.shaded.avro.generic.GenericDatumWriter;
import io.weft.shaded.avro.generic.GenericRecord;
import io.weft.shaded.avro.util.Utf8;
import java.io.File;
import java.io.IOException;
import java.util.List;

/** Apache Avro's own library as a reader and writer of files: {@code write FILE CODEC COUNT}, or {@code read FILE…}. */
final class AvroFiles {
    private static final String SCHEMA = """
            {"type": "record", "name": "Sale", "namespace": "shop", "fields": [
              {"name": "id", "type": "long"},
              {"name": "name", "type": ["null", "string"]},
              {"name": "price", "type": "double"},
              {"name": "tags", "type": {"type": "array", "items": "string"}},
              {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["NEW", "OLD"]}},
              {"name": "sum", "type": {"type": "fixed", "name": "Sum", "size": 4}}]}
            """;

    public static void main(String[] arguments) throws IOException {
        if (arguments[0].equals("write")) {
            write(new File(arguments[1]), arguments[2], Integer.parseInt(arguments[3]));
            return;
        }
        for (int i = 1; i < arguments.length; i++) {
            try (DataFileReader<Object> reader =
                    new DataFileReader<>(new File(arguments[i]), new GenericDatumReader<>())) {
                reader.forEach(System.out::println);
            }
        }
    }

    private static void write(File file, String codec, int count) throws IOException {
        Schema schema = new Schema.Parser().parse(SCHEMA);
        try (DataFileWriter<GenericRecord> writer = new DataFileWriter<>(new GenericDatumWriter<>(schema))) {
            writer.setCodec(CodecFactory.fromString(codec)).setSyncInterval(4000).create(schema, file);
            for (int i = 0; i < count; i++) {
                GenericRecord sale = new GenericData.Record(schema);
                sale.put("id", (long) i << 33);
                sale.put("name", i % 3 == 0 ? null : "sale " + i + " é");
                sale.put("price", i / 4.0);
                sale.put("tags", List.of(new Utf8("t" + i % 5)));
                sale.put("kind", new GenericData.EnumSymbol(schema.getField("kind").schema(), i % 2 == 0 ? "NEW" : "OLD"));
                byte[] sum = {(byte) i, 1, 2, 3};
                sale.put("sum", new GenericData.Fixed(schema.getField("sum").schema(), sum));
                writer.append(sale);
            }
        }
    }
}
