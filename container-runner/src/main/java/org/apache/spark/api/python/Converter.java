package org.apache.spark.api.python;

/**
 * What converters that were compiled for PySpark implement; with it they load here. Weft itself asks a converter for nothing but a
 * public method {@code convert} of one parameter.
 *
 * @param <T> what is converted
 * @param <U> into what
 */
public interface Converter<T, U> {
    /** Gives what stands for {@code obj}. */
    U convert(T obj);
}
