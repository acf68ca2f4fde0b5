package io.weft.runner.output;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes objects of Python's values. */
interface Values {
    Object none();

    Object bool(boolean value);

    Object integer(int value);

    Object integer(long value);

    /** More than 64 bits. */
    Object integer(BigInteger value);

    Object real(double value);

    Object text(byte[] from, int start, int length);

    Object bytes(byte[] from, int start, int length);

    Object tuple(Object[] values);

    Object list(List<Object> values);

    Object set(Set<Object> values);

    Object dict(Map<Object, Object> values);

    /** An array.array; {@code array} is of a primitive type. */
    Object array(Object array);
}
