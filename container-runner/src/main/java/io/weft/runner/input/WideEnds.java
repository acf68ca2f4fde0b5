package io.weft.runner.input;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;

/** The line ends of a block that are two bytes long in the file (CR LF), and one in the block. For one block after another, one thread. */
final class WideEnds {
    /** All line ends are wide, perhaps but for the last. */
    static final String ALL = "wide";
    /** No line end is wide. */
    static final String NONE = "";

    /** Indices in the block, ascending. */
    private int[] places = new int[64];

    private int count;

    void add(int place) {
        if (count == places.length) {
            places = Arrays.copyOf(places, 2 * count);
        }
        places[count++] = place;
    }

    /** Forgets those before {@code start}, which becomes the block's beginning; returns how many those were. */
    int cut(int start) {
        int gone = 0;
        while (gone < count && places[gone] < start) {
            gone++;
        }
        for (int at = gone; at < count; at++) {
            places[at - gone] = places[at] - start;
        }
        count -= gone;
        return gone;
    }

    /** {@link #ALL}, {@link #NONE}, or hexadecimal digits: bit n (the lowest of a byte first) is set where line end n is wide. */
    String describe(byte[] block, int length) {
        if (count == 0) {
            return NONE;
        }
        BitSet bits = new BitSet();
        boolean all = true;
        int line = 0;
        int next = 0;
        for (int end = ByteScan.indexOf(block, 0, length, ByteScan.LF);
                end >= 0;
                end = ByteScan.indexOf(block, end + 1, length, ByteScan.LF)) {
            if (next < count && places[next] == end) {
                bits.set(line);
                next++;
            } else if (end < length - 1) {
                all = false;
            }
            line++;
        }
        return all ? ALL : HexFormat.of().formatHex(bits.toByteArray());
    }
}
