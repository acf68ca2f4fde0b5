package io.weft.runner.input;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import org.apache.hadoop.fs.FSDataInputStream;

/** The bytes of a file from one place on; those that are asked for lie together in one array. For one thread. */
final class ByteWindow {
    private static final int CHUNK_BYTES = 256 << 10;
    /** An array that grew beyond this for one record is given back. */
    private static final int KEPT_BYTES = 4 << 20;

    private final FSDataInputStream in;
    private final long fileLength;
    private byte[] bytes = new byte[CHUNK_BYTES];
    private int at;
    private int end;
    /** Of the byte behind the last one in the array. */
    private long position;

    /** Reads on where the stream stands. */
    ByteWindow(FSDataInputStream in, long fileLength) throws IOException {
        this.in = in;
        this.fileLength = fileLength;
        position = in.getPos();
    }

    /** The array; another one after the next {@link #need}. */
    byte[] bytes() {
        return bytes;
    }

    /** Where in the array the next byte is. */
    int at() {
        return at;
    }

    /** Where in the file the next byte is. */
    long position() {
        return position - (end - at);
    }

    long remaining() {
        return fileLength - position();
    }

    void skip(int count) {
        at += count;
    }

    /** Goes on elsewhere in the file. */
    void seek(long target) throws IOException {
        in.seek(target);
        position = target;
        at = 0;
        end = 0;
    }

    /** Has so many bytes lie in the array from {@link #at} on; fails if the file has fewer. */
    void need(int count) throws IOException {
        if (end - at < count) {
            fill(count);
        }
    }

    /** Takes an integer, the first byte being the highest. */
    int takeInt() throws IOException {
        need(Integer.BYTES);
        int value = intAt(bytes, at);
        at += Integer.BYTES;
        return value;
    }

    static int intAt(byte[] bytes, int at) {
        return bytes[at] << 24 | (bytes[at + 1] & 0xff) << 16 | (bytes[at + 2] & 0xff) << 8 | bytes[at + 3] & 0xff;
    }

    /** Goes to where this marker begins next, at {@code from} or behind; false if that is nowhere. */
    boolean find(byte[] marker, long from) throws IOException {
        seek(Math.min(from, fileLength));
        while (remaining() >= marker.length) {
            need(marker.length);
            for (; end - at >= marker.length; at++) {
                if (bytes[at] == marker[0] && Arrays.equals(bytes, at, at + marker.length, marker, 0, marker.length)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void fill(int count) throws IOException {
        if (count > remaining()) {
            throw new EOFException("the file ends at byte " + fileLength + ", within a record");
        }
        int held = end - at;
        boolean shrinks = bytes.length > KEPT_BYTES && count <= CHUNK_BYTES;
        byte[] target = count > bytes.length || shrinks ? new byte[Math.max(count, CHUNK_BYTES)] : bytes;
        System.arraycopy(bytes, at, target, 0, held);
        bytes = target;
        at = 0;
        end = held;
        while (end < count) {
            int read = in.read(bytes, end, bytes.length - end);
            if (read < 0) {
                throw new EOFException("the file ends at byte " + position + ", within a record");
            }
            end += read;
            position += read;
        }
    }
}
