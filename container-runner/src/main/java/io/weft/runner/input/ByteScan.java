package io.weft.runner.input;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Searches in byte arrays, eight bytes at a time. */
final class ByteScan {
    static final byte LF = '\n';
    static final byte CR = '\r';

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;

    private ByteScan() {}

    /** Index of the first {@code wanted} in {@code from} to {@code to} (exclusive), or -1. */
    static int indexOf(byte[] bytes, int from, int to, byte wanted) {
        long pattern = ONES * (wanted & 0xff);
        int at = from;
        for (int last = to - Long.BYTES; at <= last; at += Long.BYTES) {
            long difference = (long) LONGS.get(bytes, at) ^ pattern;
            long zeros = (difference - ONES) & ~difference & HIGHS;
            if (zeros != 0) {
                return at + (Long.numberOfTrailingZeros(zeros) >>> 3);
            }
        }
        for (; at < to; at++) {
            if (bytes[at] == wanted) {
                return at;
            }
        }
        return -1;
    }

    /** Index of the last {@code wanted} in {@code from} to {@code to} (exclusive), or -1. */
    static int lastIndexOf(byte[] bytes, int from, int to, byte wanted) {
        long pattern = ONES * (wanted & 0xff);
        int end = to;
        for (; end - Long.BYTES >= from; end -= Long.BYTES) {
            long zeros = exactZeros((long) LONGS.get(bytes, end - Long.BYTES) ^ pattern);
            if (zeros != 0) {
                return end - 1 - (Long.numberOfLeadingZeros(zeros) >>> 3);
            }
        }
        for (int at = end - 1; at >= from; at--) {
            if (bytes[at] == wanted) {
                return at;
            }
        }
        return -1;
    }

    /** Index of the first CR or LF, or -1. */
    static int indexOfLineEnd(byte[] bytes, int from, int to) {
        int at = from;
        for (int last = to - Long.BYTES; at <= last; at += Long.BYTES) {
            long eight = (long) LONGS.get(bytes, at);
            long zeros = exactZeros(eight ^ ONES * LF) | exactZeros(eight ^ ONES * CR);
            if (zeros != 0) {
                return at + (Long.numberOfTrailingZeros(zeros) >>> 3);
            }
        }
        for (; at < to; at++) {
            byte value = bytes[at];
            if (value == LF || value == CR) {
                return at;
            }
        }
        return -1;
    }

    /** The high bit of each byte that is zero, and no other; the shorter formula of {@link #indexOf} is right for the lowest only. */
    private static long exactZeros(long eight) {
        return ~((eight & ~HIGHS) + ~HIGHS | eight | ~HIGHS);
    }

    /**
     * Copies {@code from} to {@code to} (exclusive) down to {@code target}, with CR LF and lone CR turned into LF; notes in {@code wide}
     * where a LF stands for CR LF.
     *
     * @return the index after the last byte written
     */
    static int copyWithLineFeeds(byte[] bytes, int from, int to, int target, WideEnds wide) {
        int read = from;
        int write = target;
        while (read < to) {
            int carriageReturn = indexOf(bytes, read, to, CR);
            int end = carriageReturn < 0 ? to : carriageReturn;
            if (write != read) {
                System.arraycopy(bytes, read, bytes, write, end - read);
            }
            write += end - read;
            read = end;
            if (carriageReturn >= 0) {
                bytes[write++] = LF;
                read++;
                if (read < to && bytes[read] == LF) {
                    wide.add(write - 1);
                    read++;
                }
            }
        }
        return write;
    }

    /** Whether all bytes in {@code from} to {@code to} (exclusive) are ASCII. */
    static boolean isAscii(byte[] bytes, int from, int to) {
        int at = from;
        for (int last = to - Long.BYTES; at <= last; at += Long.BYTES) {
            if (((long) LONGS.get(bytes, at) & HIGHS) != 0) {
                return false;
            }
        }
        for (; at < to; at++) {
            if (bytes[at] < 0) {
                return false;
            }
        }
        return true;
    }
}
