package io.weft.runner.input;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteScanTest {
    /** Values that differ from LF and CR in one bit, or carry into the next byte, beside the two. */
    private static final byte[] VALUES = {
        '\n', '\r', 11, 12, 8, 0, 1, (byte) 0x8a, (byte) 0x8d, (byte) 0xff, 'x', (byte) 0x80
    };

    @Test
    void findsWhatALoopOverBytesFinds() {
        Random random = new Random(5);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[random.nextInt(40)];
            int kinds = 1 + random.nextInt(VALUES.length);
            int shift = random.nextInt(VALUES.length);
            for (int index = 0; index < bytes.length; index++) {
                bytes[index] = VALUES[(shift + random.nextInt(kinds)) % VALUES.length];
            }
            int from = random.nextInt(bytes.length + 1);
            int to = from + random.nextInt(bytes.length - from + 1);
            int first = -1;
            int last = -1;
            int firstEnd = -1;
            for (int index = to - 1; index >= from; index--) {
                boolean lineFeed = bytes[index] == '\n';
                first = lineFeed ? index : first;
                last = lineFeed && last < 0 ? index : last;
                firstEnd = lineFeed || bytes[index] == '\r' ? index : firstEnd;
            }
            assertEquals(first, ByteScan.indexOf(bytes, from, to, ByteScan.LF), "round " + round);
            assertEquals(last, ByteScan.lastIndexOf(bytes, from, to, ByteScan.LF), "round " + round);
            assertEquals(firstEnd, ByteScan.indexOfLineEnd(bytes, from, to), "round " + round);
        }
    }
}
