package io.weft.runner.output;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;

/**
 * Python's marshal of version 2, which has no references: every value stands where it is used. A tuple that starts with Ellipsis
 * holds what marshal does not know: {@code (..., "array", typecode, bytes)}. For one thread.
 */
final class MarshalReader {
    /** Digits of Python's long integers have 15 bits here. */
    private static final int DIGIT_BITS = 15;

    private static final int LONG_DIGITS = 4;
    private static final Object ELLIPSIS = new Object();
    private static final Object END = new Object();

    private final ByteBuffer from;

    /** Reads the remaining bytes, which must have an array. */
    MarshalReader(ByteBuffer from) {
        this.from = from.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The elements of the list that stands next. */
    Object[] list(Values values) throws IOException {
        if (from.get() != '[') {
            throw new IOException("records are not in a list");
        }
        return elements(count(), values);
    }

    private Object[] elements(int count, Values values) throws IOException {
        Object[] found = new Object[count];
        for (int at = 0; at < found.length; at++) {
            found[at] = next(values);
        }
        return found;
    }

    private int count() throws IOException {
        int count = from.getInt();
        if (count < 0 || count > from.remaining()) {
            throw new IOException("a record claims " + count + " of " + from.remaining() + " bytes");
        }
        return count;
    }

    private Object next(Values values) throws IOException {
        int type = from.get();
        switch (type) {
            case 'N':
                return values.none();
            case 'T':
            case 'F':
                return values.bool(type == 'T');
            case 'i':
                return values.integer(from.getInt());
            case 'l':
                return longInteger(values);
            case 'g':
                return values.real(from.getDouble());
            case 's':
            case 't':
            case 'u':
                int length = count();
                int start = from.arrayOffset() + from.position();
                from.position(from.position() + length);
                return type == 's'
                        ? values.bytes(from.array(), start, length)
                        : values.text(from.array(), start, length);
            case '.':
                return ELLIPSIS;
            case '0':
                return END;
            default:
                return container(type, values);
        }
    }

    private Object container(int type, Values values) throws IOException {
        switch (type) {
            case '(':
                int count = count();
                boolean special = count > 0 && from.get(from.position()) == '.';
                return special ? special(count, values) : values.tuple(elements(count, values));
            case '[':
                return values.list(new ArrayList<>(Arrays.asList(elements(count(), values))));
            case '<':
            case '>':
                return values.set(new LinkedHashSet<>(Arrays.asList(elements(count(), values))));
            case '{':
                Map<Object, Object> map = new LinkedHashMap<>();
                for (Object key = next(values); key != END; key = next(values)) {
                    map.put(key, next(values));
                }
                return values.dict(map);
            default:
                throw new IOException("a record holds an unknown type " + type);
        }
    }

    /** An array.array: its letter, and its bytes in the order of this machine, as all of Weft's are. */
    private Object special(int count, Values values) throws IOException {
        Object[] parts = elements(count, new JavaValues());
        if (count != 4 || !"array".equals(parts[1]) || !(parts[3] instanceof byte[] bytes)) {
            throw new IOException("a record holds an unknown object " + Arrays.toString(parts));
        }
        ByteBuffer items = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        switch (String.valueOf(parts[2])) {
            case "h":
                short[] shorts = new short[bytes.length / Short.BYTES];
                items.asShortBuffer().get(shorts);
                return values.array(shorts);
            case "i":
                int[] ints = new int[bytes.length / Integer.BYTES];
                items.asIntBuffer().get(ints);
                return values.array(ints);
            case "l":
            case "q":
                long[] longs = new long[bytes.length / Long.BYTES];
                items.asLongBuffer().get(longs);
                return values.array(longs);
            case "f":
                float[] floats = new float[bytes.length / Float.BYTES];
                items.asFloatBuffer().get(floats);
                return values.array(floats);
            case "d":
                double[] doubles = new double[bytes.length / Double.BYTES];
                items.asDoubleBuffer().get(doubles);
                return values.array(doubles);
            default:
                throw new IOException("arrays of type " + parts[2] + " have no counterpart in Java");
        }
    }

    private Object longInteger(Values values) {
        int digits = from.getInt();
        int count = Math.abs(digits);
        if (count <= LONG_DIGITS) {
            long value = 0;
            for (int at = 0; at < count; at++) {
                value |= (long) from.getShort() << DIGIT_BITS * at;
            }
            return values.integer(digits < 0 ? -value : value);
        }
        BigInteger value = BigInteger.ZERO;
        for (int at = 0; at < count; at++) {
            value = value.or(BigInteger.valueOf(from.getShort()).shiftLeft(DIGIT_BITS * at));
        }
        BigInteger signed = digits < 0 ? value.negate() : value;
        return signed.bitLength() < Long.SIZE ? values.integer(signed.longValue()) : values.integer(signed);
    }
}
