package io.weft.runner.shuffle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The examples of MAPOUTPUT.md. */
class MapOutputSpecificationTest {
    private static final Path SPECIFICATION = Path.of("src/main/java/io/weft/runner/shuffle/MAPOUTPUT.md");

    private final Map<String, byte[]> examples = examples();

    MapOutputSpecificationTest() throws IOException {}

    @Test
    void readsTheIndexOfTheSpecification() throws IOException {
        byte[] bytes = examples.get("index of partitions of 3, 0 and 5 bytes with 1, 0 and 2 records");
        MapOutputIndex index = MapOutputIndex.parse(bytes, "example");
        assertEquals(3, index.partitions());
        for (int partition = 0; partition < 3; partition++) {
            assertEquals(new long[] {0, 3, 3}[partition], index.offset(partition));
            assertEquals(new long[] {3, 0, 5}[partition], index.length(partition, partition + 1));
            assertEquals(new long[] {1, 0, 2}[partition], index.records(partition));
        }
    }

    @Test
    void speaksAsTheSpecification() {
        byte[] secret = counting(32);
        byte[] nonce = counting(16);
        assertArrayEquals(examples.get("greeting before the nonce"), BlockWire.greeting());
        assertArrayEquals(examples.get("proof of the client"), BlockWire.proof(secret, "client", nonce));
        assertArrayEquals(examples.get("proof of the server"), BlockWire.proof(secret, "server", nonce));
        String id = TestingMapOutputs.id(17).folder();
        assertArrayEquals(
                examples.get("request partitions 2 to 5 of weft_1715_0042_s3_m17_a0"),
                bytes(BlockWire.request(BlockWire.OP_MAP_OUTPUT, id, 2, 5, 0, 0)));
        assertArrayEquals(
                examples.get("request bytes 100 to 4294967296 of block d"),
                bytes(BlockWire.request(BlockWire.OP_RANGE, "d", 0, 0, 100, 1L << 32)));
        assertArrayEquals(
                examples.get("answer ok, 5 bytes follow"), bytes(BlockWire.responseHead(BlockWire.STATUS_OK, 5)));
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static byte[] counting(int length) {
        byte[] bytes = new byte[length];
        for (int index = 0; index < length; index++) {
            bytes[index] = (byte) index;
        }
        return bytes;
    }

    private static Map<String, byte[]> examples() throws IOException {
        Map<String, byte[]> examples = new LinkedHashMap<>();
        String text = Files.readString(SPECIFICATION);
        int start = text.indexOf("```wire\n") + "```wire\n".length();
        for (String line :
                text.substring(start, text.indexOf("```", start)).lines().toList()) {
            if (!line.startsWith("#")) {
                String[] parts = line.split(" \\| ");
                examples.put(parts[0], HexFormat.of().parseHex(parts[1]));
            }
        }
        return examples;
    }
}
