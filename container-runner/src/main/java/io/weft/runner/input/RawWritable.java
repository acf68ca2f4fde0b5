package io.weft.runner.input;

import java.io.IOException;
import java.util.Optional;

/** Writables of Hadoop's that are pickled from their bytes, without being made. */
enum RawWritable {
    TEXT("Text") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            int digits = length == 0 ? 1 : vintBytes(from[at]);
            check(digits <= length, length);
            check(vint(from, at) == length - digits, length);
            to.text(from, at + digits, length - digits);
        }
    },
    BYTES("BytesWritable") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            check(length >= Integer.BYTES && ByteWindow.intAt(from, at) == length - Integer.BYTES, length);
            if (bytesAsBytes) {
                to.bytes(from, at + Integer.BYTES, length - Integer.BYTES);
            } else {
                to.bytearray(from, at + Integer.BYTES, length - Integer.BYTES);
            }
        }
    },
    INT("IntWritable") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            check(length == Integer.BYTES, length);
            to.integer(ByteWindow.intAt(from, at));
        }
    },
    LONG("LongWritable") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            check(length == Long.BYTES, length);
            to.integer(longAt(from, at));
        }
    },
    SHORT("ShortWritable") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            check(length == Short.BYTES, length);
            to.integer((short) (from[at] << 8 | from[at + 1] & 0xff));
        }
    },
    FLOAT("FloatWritable") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            check(length == Float.BYTES, length);
            to.real(Float.intBitsToFloat(ByteWindow.intAt(from, at)));
        }
    },
    DOUBLE("DoubleWritable") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            check(length == Double.BYTES, length);
            to.real(Double.longBitsToDouble(longAt(from, at)));
        }
    },
    BOOLEAN("BooleanWritable") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            check(length == 1, length);
            to.bool(from[at] != 0);
        }
    },
    NULL("NullWritable") {
        @Override
        void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException {
            check(length == 0, length);
            to.none();
        }
    };

    private final String className;

    RawWritable(String simpleName) {
        className = "org.apache.hadoop.io." + simpleName;
    }

    /** Appends the value whose bytes stand at {@code at}. */
    abstract void pickle(byte[] from, int at, int length, PickleBuffer to, boolean bytesAsBytes) throws IOException;

    static Optional<RawWritable> of(String className) {
        for (RawWritable one : values()) {
            if (one.className.equals(className)) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }

    /** How many bytes the number of Hadoop's WritableUtils has that begins with this one. */
    static int vintBytes(byte first) {
        return first >= -112 ? 1 : first < -120 ? -119 - first : -111 - first;
    }

    /** The number of Hadoop's WritableUtils that begins at {@code at}. */
    static long vint(byte[] from, int at) {
        int count = vintBytes(from[at]);
        if (count == 1) {
            return from[at];
        }
        long value = 0;
        for (int next = at + 1; next < at + count; next++) {
            value = value << 8 | from[next] & 0xff;
        }
        return from[at] < -120 ? ~value : value;
    }

    private static long longAt(byte[] from, int at) {
        return (long) ByteWindow.intAt(from, at) << 32 | ByteWindow.intAt(from, at + Integer.BYTES) & 0xffff_ffffL;
    }

    void check(boolean fits, int length) throws IOException {
        if (!fits) {
            throw new IOException("a " + className + " of " + length + " bytes is damaged");
        }
    }
}
