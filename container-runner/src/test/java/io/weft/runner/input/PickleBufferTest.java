package io.weft.runner.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Expectations are those of Python's pickletools over {@code pickle.dumps}, and of its description of FRAME. */
final class PickleBufferTest {
    private final PickleBuffer buffer = new PickleBuffer();

    @Test
    void valuesOfABatchStandInOneFrame() {
        buffer.startList();
        buffer.integer(1);
        buffer.text("a");
        buffer.endList();
        assertEquals("8005" + "950900000000000000" + "5d28" + "4b01" + "8c0161" + "652e", hex());
    }

    @Test
    void aLargePickleHasNoFrame() {
        byte[] large = new byte[5 << 20];
        buffer.startList();
        buffer.bytes(large, 0, large.length);
        buffer.endList();
        byte[] pickle = pickle();
        assertArrayEquals(HexFormat.of().parseHex("8005" + "5d28" + "4200005000"), Arrays.copyOf(pickle, 9));
        assertEquals(9 + large.length + 2, pickle.length);
        assertEquals("e.", new String(pickle, pickle.length - 2, 2, StandardCharsets.US_ASCII));
    }

    @Test
    void aSmallPickleAfterALargeOneHasItsFrameAgain() {
        aLargePickleHasNoFrame();
        buffer.startList();
        buffer.none();
        buffer.endList();
        assertEquals("8005" + "950500000000000000" + "5d28" + "4e" + "652e", hex());
    }

    private byte[] pickle() {
        return Arrays.copyOfRange(buffer.array(), buffer.start(), buffer.start() + buffer.size());
    }

    private String hex() {
        return HexFormat.of().formatHex(pickle());
    }
}
