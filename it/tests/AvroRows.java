import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;

/** Reads Avro files with Hadoop's own Avro; prints of each its number of rows and the CRC of all their fields, in order. */
final class AvroRows {
    public static void main(String[] files) throws Exception {
        for (String file : files) {
            long rows = 0;
            CRC32 sum = new CRC32();
            try (DataFileReader<GenericRecord> reader = new DataFileReader<>(new File(file), new GenericDatumReader<>())) {
                GenericRecord row = null;
                while (reader.hasNext()) {
                    row = reader.next(row);
                    rows++;
                    StringBuilder line = new StringBuilder();
                    for (int field = 0; field < row.getSchema().getFields().size(); field++) {
                        Object value = row.get(field);
                        line.append(value == null ? "" : value).append('|');
                    }
                    sum.update(line.toString().getBytes(StandardCharsets.UTF_8));
                }
            }
            System.out.println(rows + " " + sum.getValue());
        }
    }
}
