package io.weft.runner.input;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.io.compress.SplittableCompressionCodec;

/** Finds a file's codec by its name, as Hadoop does. Used by one thread. */
public final class TextCodecs {
    /** Names that Hadoop's own codecs do not end in; finding that out from Hadoop costs a cold JVM 50 ms. */
    private static final List<String> PLAIN =
            List.of(".txt", ".text", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".log", ".md", ".xml", ".dat");

    private final Configuration conf;
    private CompressionCodecFactory factory;

    public TextCodecs(Configuration conf) {
        this.conf = Objects.requireNonNull(conf, "conf is null");
    }

    /** The codec of the file, or empty when it is not compressed. */
    public Optional<CompressionCodec> find(Path path) {
        if (isPlain(path.getName())) {
            return Optional.empty();
        }
        if (factory == null) {
            factory = new CompressionCodecFactory(conf);
        }
        return Optional.ofNullable(factory.getCodec(path));
    }

    /** Whether the file can be read from the middle. */
    public boolean isSplittable(Path path) {
        return find(path).map(SplittableCompressionCodec.class::isInstance).orElse(true);
    }

    private boolean isPlain(String name) {
        if (conf.get("io.compression.codecs") != null
                && !conf.get("io.compression.codecs").isEmpty()) {
            return false;
        }
        int dot = name.lastIndexOf('.');
        return dot < 0 || PLAIN.contains(name.substring(dot).toLowerCase(Locale.ROOT));
    }
}
