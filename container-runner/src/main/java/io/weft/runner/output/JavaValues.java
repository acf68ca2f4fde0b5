package io.weft.runner.output;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Java's own objects, as PySpark gives them to a program's converters. */
final class JavaValues implements Values {
    @Override
    public Object none() {
        return null;
    }

    @Override
    public Object bool(boolean value) {
        return value;
    }

    @Override
    public Object integer(int value) {
        return value;
    }

    @Override
    public Object integer(long value) {
        return value;
    }

    @Override
    public Object integer(BigInteger value) {
        return value;
    }

    @Override
    public Object real(double value) {
        return value;
    }

    @Override
    public Object text(byte[] from, int start, int length) {
        return new String(from, start, length, StandardCharsets.UTF_8);
    }

    @Override
    public Object bytes(byte[] from, int start, int length) {
        return Arrays.copyOfRange(from, start, start + length);
    }

    @Override
    public Object tuple(Object[] values) {
        return values;
    }

    @Override
    public Object list(List<Object> values) {
        return values;
    }

    @Override
    public Object set(Set<Object> values) {
        return values;
    }

    @Override
    public Object dict(Map<Object, Object> values) {
        return values;
    }

    @Override
    public Object array(Object array) {
        return array;
    }
}
