package io.weft.runner.input;

import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.io.ArrayWritable;
import org.apache.hadoop.io.BooleanWritable;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.DoubleWritable;
import org.apache.hadoop.io.FloatWritable;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.MapWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.ShortWritable;
import org.apache.hadoop.io.Text;

/** Writes what an InputFormat or a converter gives as the Python object that PySpark makes of it. */
final class Pickling {
    private static final Map<Class<?>, String> ARRAY_CODES = Map.of(
            short.class, "h",
            int.class, "i",
            long.class, "l",
            float.class, "f",
            double.class, "d");

    private final PickleBuffer to;
    private final boolean bytesAsBytes;

    /** {@code bytesAsBytes}: bytes become bytes, else bytearray. */
    Pickling(PickleBuffer to, boolean bytesAsBytes) {
        this.to = to;
        this.bytesAsBytes = bytesAsBytes;
    }

    void write(Object value) {
        if (value instanceof Text text) {
            to.text(text.getBytes(), 0, text.getLength());
        } else if (value instanceof IntWritable number) {
            to.integer(number.get());
        } else if (value instanceof LongWritable number) {
            to.integer(number.get());
        } else if (value instanceof DoubleWritable number) {
            to.real(number.get());
        } else if (value == null || value instanceof NullWritable) {
            to.none();
        } else if (value instanceof BytesWritable bytes) {
            bytes(bytes.getBytes(), bytes.getLength());
        } else if (value instanceof FloatWritable number) {
            to.real(number.get());
        } else if (value instanceof ShortWritable number) {
            to.integer(number.get());
        } else if (value instanceof BooleanWritable flag) {
            to.bool(flag.get());
        } else if (value instanceof ArrayWritable array) {
            tuple(array.get());
        } else if (value instanceof MapWritable map) {
            dict(map);
        } else {
            writeJava(value);
        }
    }

    private void bytes(byte[] value, int length) {
        if (bytesAsBytes) {
            to.bytes(value, 0, length);
        } else {
            to.bytearray(value, 0, length);
        }
    }

    private void writeJava(Object value) {
        if (value instanceof String || value instanceof Character || value instanceof Enum) {
            to.text(value.toString());
        } else if (value instanceof Integer
                || value instanceof Long
                || value instanceof Short
                || value instanceof Byte) {
            to.integer(((Number) value).longValue());
        } else if (value instanceof Double || value instanceof Float) {
            to.real(((Number) value).doubleValue());
        } else if (value instanceof Boolean flag) {
            to.bool(flag);
        } else if (value instanceof BigInteger number) {
            to.integer(number);
        } else if (value instanceof BigDecimal number) {
            to.global("decimal", "Decimal");
            to.text(number.toString());
            to.op(0x85); // TUPLE1
            to.op('R');
        } else if (value instanceof byte[] bytes) {
            bytes(bytes, bytes.length);
        } else if (value instanceof Object[] array) {
            tuple(array);
        } else if (value.getClass().isArray()) {
            primitives(value);
        } else if (value instanceof List<?> list) {
            many(']', list, 'e');
        } else if (value instanceof Set<?> set) {
            many(0x8f, set, 0x90); // EMPTY_SET, ADDITEMS
        } else if (value instanceof Map<?, ?> map) {
            dict(map);
        } else {
            properties(value);
        }
    }

    private void tuple(Object[] values) {
        to.op('(');
        for (Object value : values) {
            write(value);
        }
        to.op('t');
    }

    private void many(int empty, Iterable<?> values, int add) {
        to.op(empty);
        to.op('(');
        values.forEach(this::write);
        to.op(add);
    }

    private void dict(Map<?, ?> map) {
        to.op('}');
        to.op('(');
        map.forEach((key, value) -> {
            write(key);
            write(value);
        });
        to.op('u');
    }

    /** array.array for numbers, a str for characters, a tuple for booleans. */
    private void primitives(Object array) {
        Class<?> type = array.getClass().getComponentType();
        if (array instanceof char[] letters) {
            to.text(new String(letters));
            return;
        }
        String code = ARRAY_CODES.get(type);
        if (code != null) {
            to.global("array", "array");
            to.text(code);
        }
        to.op(code == null ? '(' : ']');
        if (code != null) {
            to.op('(');
        }
        for (int at = 0; at < Array.getLength(array); at++) {
            write(Array.get(array, at));
        }
        to.op(code == null ? 't' : 'e');
        if (code != null) {
            to.op(0x86); // TUPLE2
            to.op('R');
        }
    }

    /** Another object as a dict of what its getters give; one without getters, or whose getters fail, as its text. */
    private void properties(Object value) {
        Map<String, Object> found = new TreeMap<>();
        try {
            for (Method method : value.getClass().getMethods()) {
                String name = property(method);
                if (!name.isEmpty()) {
                    found.put(name, method.invoke(value));
                }
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            found.clear();
        }
        if (found.isEmpty()) {
            to.text(value.toString());
            return;
        }
        found.put("__class__", value.getClass().getName());
        dict(found);
    }

    private static String property(Method method) {
        String name = method.getName();
        boolean getter = method.getParameterCount() == 0
                && !Modifier.isStatic(method.getModifiers())
                && method.getReturnType() != void.class
                && !name.equals("getClass");
        int prefix = name.startsWith("get") ? 3 : name.startsWith("is") ? 2 : 0;
        if (!getter || prefix == 0 || name.length() <= prefix) {
            return "";
        }
        String rest = name.substring(prefix);
        boolean shouted = rest.length() > 1 && Character.isUpperCase(rest.charAt(1));
        return shouted ? rest : Character.toLowerCase(rest.charAt(0)) + rest.substring(1);
    }
}
