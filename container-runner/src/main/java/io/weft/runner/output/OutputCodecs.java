package io.weft.runner.output;

import org.apache.hadoop.conf.Configurable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.util.ReflectionUtils;

/** The codecs that a save may be given, by the names of their classes. */
final class OutputCodecs {
    private OutputCodecs() {}

    /** Fails where {@link #open} would; {@code site}: the call it was given to, such as "saveAsTextFile at etl.py:88". */
    static void check(String name, String site, Configuration conf) throws OutputException {
        find(name, " (" + site + "); nothing was run", conf);
    }

    static CompressionCodec open(String name, Configuration conf) throws OutputException {
        Object codec = ReflectionUtils.newInstance(find(name, "", conf), conf);
        if (codec instanceof Configurable configurable) {
            configurable.setConf(conf);
        }
        return (CompressionCodec) codec;
    }

    private static Class<? extends CompressionCodec> find(String name, String where, Configuration conf)
            throws OutputException {
        try {
            return conf.getClassByName(name).asSubclass(CompressionCodec.class);
        } catch (ClassNotFoundException | ClassCastException e) {
            String what = e instanceof ClassCastException ? " is not a compression codec" : " is not on the class path";
            throw new OutputException(
                    OutputException.REFUSED,
                    name + what + where
                            + ".\nGive the full name of one, such as org.apache.hadoop.io.compress.GzipCodec,"
                            + " BZip2Codec or ZStandardCodec.",
                    e);
        }
    }
}
