package io.weft.runner.input;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bytes of a pickle of protocol 5, without memo: every object is written out where it stands. One frame holds them all, since Python
 * asks its stream once for a frame and else twice for each value; a large pickle has none, so that it is not in memory twice. For one
 * thread.
 */
final class PickleBuffer {
    private static final int FIRST_BYTES = 64 << 10;
    /** What grew beyond this for one batch is given back. */
    private static final int KEPT_BYTES = 4 << 20;
    /** The largest array that every JVM makes. */
    private static final int MOST_BYTES = Integer.MAX_VALUE - 16;

    /** A larger pickle has no frame. */
    private static final int MOST_FRAMED_BYTES = 4 << 20;

    private static final int PROTOCOL_BYTES = 2;
    private static final int FRAME_BYTES = 9;
    private static final int ONE_BYTE = 0xff;
    private static final int TWO_BYTES = 0xffff;

    private byte[] bytes = new byte[FIRST_BYTES];
    private int size;
    /** Where the pickle begins, once it has ended. */
    private int start;

    byte[] array() {
        return bytes;
    }

    /** Where in the array the pickle begins. */
    int start() {
        return start;
    }

    /** Its length, or about that before it has ended. */
    int size() {
        return size - start;
    }

    /** Starts a pickle whose object is a list. */
    void startList() {
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[FIRST_BYTES];
        }
        start = 0;
        size = PROTOCOL_BYTES + FRAME_BYTES;
        op(']');
        op('(');
    }

    /** Ends what {@link #startList} has started. */
    void endList() {
        op('e');
        op('.');
        int end = size;
        int length = end - PROTOCOL_BYTES - FRAME_BYTES;
        start = length > MOST_FRAMED_BYTES ? FRAME_BYTES : 0;
        size = start;
        op(0x80); // PROTO
        op(5);
        if (start == 0) {
            op(0x95); // FRAME
            little(length, 8);
        }
        size = end;
    }

    void op(int code) {
        need(1);
        bytes[size++] = (byte) code;
    }

    void none() {
        op('N');
    }

    void bool(boolean value) {
        op(value ? 0x88 : 0x89);
    }

    void integer(long value) {
        if (value >= 0 && value <= ONE_BYTE) {
            need(2);
            bytes[size++] = 'K';
            bytes[size++] = (byte) value;
        } else if (value >= 0 && value <= TWO_BYTES) {
            need(3);
            bytes[size++] = 'M';
            little(value, 2);
        } else if (value == (int) value) {
            need(5);
            bytes[size++] = 'J';
            little(value, 4);
        } else {
            need(10);
            bytes[size++] = (byte) 0x8a; // LONG1
            bytes[size++] = 8;
            little(value, 8);
        }
    }

    void integer(BigInteger value) {
        byte[] big = value.toByteArray();
        need(5 + big.length);
        bytes[size++] = (byte) 0x8b; // LONG4
        little(big.length, 4);
        for (int at = big.length - 1; at >= 0; at--) {
            bytes[size++] = big[at];
        }
    }

    void real(double value) {
        need(9);
        bytes[size++] = 'G';
        long bits = Double.doubleToRawLongBits(value);
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes[size++] = (byte) (bits >>> shift);
        }
    }

    /** UTF-8 as Hadoop's Text holds it; what is malformed becomes U+FFFD, as Text.toString has it. */
    void text(byte[] utf8, int at, int length) {
        if (ByteScan.isAscii(utf8, at, at + length)) {
            plainText(utf8, at, length);
        } else {
            text(new String(utf8, at, length, StandardCharsets.UTF_8));
        }
    }

    void text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        plainText(utf8, 0, utf8.length);
    }

    private void plainText(byte[] utf8, int at, int length) {
        need(5L + length);
        if (length <= ONE_BYTE) {
            bytes[size++] = (byte) 0x8c; // SHORT_BINUNICODE
            bytes[size++] = (byte) length;
        } else {
            bytes[size++] = 'X';
            little(length, 4);
        }
        copy(utf8, at, length);
    }

    void bytes(byte[] value, int at, int length) {
        need(5L + length);
        if (length <= ONE_BYTE) {
            bytes[size++] = 'C';
            bytes[size++] = (byte) length;
        } else {
            bytes[size++] = 'B';
            little(length, 4);
        }
        copy(value, at, length);
    }

    void bytearray(byte[] value, int at, int length) {
        need(9L + length);
        bytes[size++] = (byte) 0x96; // BYTEARRAY8
        little(length, 8);
        copy(value, at, length);
    }

    /** A name in a module, such as {@code array array}. */
    void global(String module, String name) {
        byte[] ascii = (module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII);
        op('c');
        need(ascii.length);
        copy(ascii, 0, ascii.length);
    }

    private void copy(byte[] from, int start, int length) {
        System.arraycopy(from, start, bytes, size, length);
        size += length;
    }

    private void little(long value, int count) {
        for (int at = 0; at < count; at++) {
            bytes[size++] = (byte) (value >>> 8 * at);
        }
    }

    private void need(long more) {
        long wanted = size + more;
        if (wanted <= bytes.length) {
            return;
        }
        if (wanted > MOST_BYTES) {
            throw new IllegalArgumentException("a record of more than 2 GiB cannot be read");
        }
        bytes = Arrays.copyOf(bytes, (int) Math.min(MOST_BYTES, Math.max(wanted, 2L * bytes.length)));
    }
}
