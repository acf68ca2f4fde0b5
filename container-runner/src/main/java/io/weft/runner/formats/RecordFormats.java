package io.weft.runner.formats;

import io.weft.runner.protocol.RecordFormat;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.WrongMethodTypeException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapred.JobConf;
import org.apache.hadoop.util.ReflectionUtils;

/** The classes that a {@link RecordFormat} names, and the configuration they work with. */
public final class RecordFormats {
    /** What PySpark's own converters have: {@code Object convert(Object)}. */
    private static final String CONVERT = "convert";

    private RecordFormats() {}

    /** A class that a program names is not there, or is not what it should be. The message names it, and what helps. */
    public static final class UnusableClassException extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableClassException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Hadoop's configuration with the format's settings in it; the caller may change it. */
    public static JobConf configuration(RecordFormat format, Configuration hadoop) {
        JobConf conf = new JobConf(hadoop);
        format.settings().forEach((name, value) -> conf.set(name, value, "the program"));
        return conf;
    }

    /** The class of this name, which must be a {@code type}. */
    public static <T> Class<? extends T> find(String name, Class<T> type, Configuration conf)
            throws UnusableClassException {
        try {
            return conf.getClassByName(name).asSubclass(type);
        } catch (ClassNotFoundException e) {
            throw missing(name, e);
        } catch (ClassCastException e) {
            throw new UnusableClassException("the class " + name + " is no " + type.getName(), e);
        } catch (LinkageError e) {
            throw new UnusableClassException("the class " + name + " cannot be loaded: " + e, e);
        }
    }

    /** An object of the class of this name. */
    public static <T> T make(String name, Class<T> type, Configuration conf) throws UnusableClassException {
        Class<? extends T> found = find(name, type, conf);
        try {
            return ReflectionUtils.newInstance(found, conf);
        } catch (RuntimeException | LinkageError e) {
            throw new UnusableClassException("no object of the class " + name + " can be made: " + root(e), e);
        }
    }

    /**
     * What a converter does: a class with a public constructor without parameters and a public method {@code convert} of one parameter.
     */
    public static Optional<UnaryOperator<Object>> converter(Optional<String> name, Configuration conf)
            throws UnusableClassException {
        if (name.isEmpty()) {
            return Optional.empty();
        }
        Object converter = make(name.get(), Object.class, conf);
        Method method = convertMethod(converter.getClass());
        MethodHandle handle;
        try {
            method.setAccessible(true);
            handle = MethodHandles.lookup().unreflect(method).bindTo(converter);
        } catch (IllegalAccessException | RuntimeException e) {
            throw new UnusableClassException("the converter " + name.get() + " cannot be called: " + e, e);
        }
        return Optional.of(value -> call(handle, value, name.get()));
    }

    private static Object call(MethodHandle handle, Object value, String name) {
        try {
            return handle.invoke(value);
        } catch (ClassCastException | WrongMethodTypeException e) {
            String type = value == null ? "null" : value.getClass().getName();
            throw new IllegalArgumentException("the converter " + name + " does not take a " + type, e);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("the converter " + name + " failed: " + e, e);
        }
    }

    /** The most general one: what the compiler adds for a generic interface takes any object. */
    private static Method convertMethod(Class<?> type) throws UnusableClassException {
        Method found = null;
        for (Method method : type.getMethods()) {
            boolean fits = method.getName().equals(CONVERT)
                    && method.getParameterCount() == 1
                    && !Modifier.isStatic(method.getModifiers());
            if (fits && (found == null || method.getParameterTypes()[0] == Object.class)) {
                found = method;
            }
        }
        if (found == null) {
            throw new UnusableClassException(
                    "the class " + type.getName() + " is no converter: it has no public method convert(Object)", null);
        }
        return found;
    }

    private static UnusableClassException missing(String name, Throwable cause) {
        return new UnusableClassException(
                "the class " + name + " is not on the class path. Give its jar with --jars, or set spark.jars", cause);
    }

    private static Throwable root(Throwable e) {
        Throwable root = e instanceof InvocationTargetException && e.getCause() != null ? e.getCause() : e;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root;
    }
}
