package io.weft.runner.output;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.io.ArrayWritable;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.MapWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.Text;
import org.junit.jupiter.api.Test;

/** The bytes are what marshal.dumps(value, 2).hex() gave in CPython 3.11. */
class MarshalReaderTest {
    private static final String JAVA =
            "5b140000004e544669feffffff69ffffff7f69000000806c030000000000000002006cfdffffff0000000000046c05000000"
                    + "ff7fff7fff7fff7f07006cfbffffff000000000000000008006c050000000000000000000000000467000000000000f83f75"
                    + "06000000c3a9f09f9880730200000001ff28020000006901000000280100000069020000005b020000004e7501000000617b"
                    + "75010000006b7b6901000000690200000030303c01000000690300000028040000002e750500000061727261797501000000"
                    + "647308000000000000000000f83f28040000002e75050000006172726179750100000069730800000007000000f9ffffff";
    private static final String WRITABLES =
            "5b070000007502000000c3a969feffffff6c03000000000000000004730200000001024e280100000069070000007b750100"
                    + "000061690100000030";
    private static final String LISTED = "5b010000005b010000006901000000";
    private static final String BIG = "5b010000006c0500000000000000000000000004";
    private static final String ARRAY = "5b0100000028040000002e75050000006172726179750100000069730400000000000000";

    private static Object[] read(String hex, Values values) throws IOException {
        return new MarshalReader(ByteBuffer.wrap(HexFormat.of().parseHex(hex))).list(values);
    }

    @Test
    void readsEveryKindOfValueAsJavaHasIt() throws IOException {
        Object[] found = read(JAVA, new JavaValues());
        List<Object> simple = Arrays.asList(
                null,
                true,
                false,
                -2,
                Integer.MAX_VALUE,
                Integer.MIN_VALUE,
                1L << 31,
                -(1L << 40),
                Long.MAX_VALUE,
                Long.MIN_VALUE,
                BigInteger.ONE.shiftLeft(70),
                1.5,
                "é😀");
        assertEquals(simple, Arrays.asList(found).subList(0, simple.size()));
        assertArrayEquals(new byte[] {1, -1}, (byte[]) found[13]);
        assertArrayEquals(new Object[] {1, new Object[] {2}}, (Object[]) found[14]);
        assertEquals(Arrays.asList(null, "a"), found[15]);
        assertEquals(Map.of("k", Map.of(1, 2)), found[16]);
        assertEquals(Set.of(3), found[17]);
        assertArrayEquals(new double[] {1.5}, (double[]) found[18]);
        assertArrayEquals(new int[] {7, -7}, (int[]) found[19]);
    }

    @Test
    void makesTheWritablesThatPySparkMakes() throws IOException {
        Object[] found = read(WRITABLES, new WritableValues());
        assertEquals(new Text("é"), found[0]);
        assertEquals(new IntWritable(-2), found[1]);
        assertEquals(new LongWritable(1L << 40), found[2]);
        assertEquals(new BytesWritable(new byte[] {1, 2}), found[3]);
        assertEquals(NullWritable.get(), found[4]);
        assertEquals(new IntWritable(7), ((ArrayWritable) found[5]).get()[0]);
        assertEquals(new IntWritable(1), ((MapWritable) found[6]).get(new Text("a")));
    }

    @Test
    void refusesWhatHasNoWritable() {
        for (String hex : List.of(LISTED, BIG, ARRAY)) {
            assertThrows(WritableValues.UnwritableException.class, () -> read(hex, new WritableValues()));
        }
    }

    @Test
    void refusesAListThatClaimsMoreThanThereIs() {
        assertThrows(IOException.class, () -> read("5bffffff7f", new JavaValues()));
    }
}
