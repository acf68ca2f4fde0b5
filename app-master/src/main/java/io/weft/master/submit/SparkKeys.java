package io.weft.master.submit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Spark's settings on the command line, by the table that the Python side reads as well: some are Weft's under another name, some say
 * what an option of this command says, some are Hadoop's. All of them stay readable for the program.
 */
final class SparkKeys {
    private static final String RESOURCE = "/io/weft/spark-keys.tsv";
    private static final String HADOOP = "weft.hadoop.";

    /** A line of the table; {@code spark} may end in a star. */
    private record Key(String spark, String weft, String option, String unit) {
        boolean matches(String name) {
            return spark.endsWith("*") ? name.startsWith(stem()) : name.equals(spark);
        }

        String weftName(String name) {
            return weft.endsWith("*") ? weft.substring(0, weft.length() - 1) + name.substring(stem().length()) : weft;
        }

        /** Words in small letters, as Weft has them, and numbers with the unit that Spark takes them in. */
        String weftValue(String value) {
            String lower = value.toLowerCase(Locale.ROOT);
            if (!weft.endsWith("*") && (lower.equals("true") || lower.equals("false"))) {
                return lower;
            }
            return value.matches("\\d+") ? value + unit : value;
        }

        private String stem() {
            return spark.substring(0, spark.length() - 1);
        }
    }

    private final List<Key> keys;
    private final Map<String, String> kept = new LinkedHashMap<>();
    private final Map<String, String> weft = new LinkedHashMap<>();
    private final Map<String, String> hadoop = new LinkedHashMap<>();
    private final Map<String, String> options = new LinkedHashMap<>();

    private SparkKeys(List<Key> keys) {
        this.keys = keys;
    }

    static SparkKeys load() {
        List<Key> keys = new ArrayList<>();
        try (InputStream in = SparkKeys.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + " is missing from the class path: the jar is incomplete");
            }
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                if (!line.startsWith("#")) {
                    String[] columns = (line + "\t\t\t\t").split("\t", 6);
                    keys.add(new Key(columns[0], columns[1], columns[2], columns[4]));
                }
            }
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read " + RESOURCE, error);
        }
        return new SparkKeys(keys);
    }

    /** Takes one pair of {@code --conf}, whosever it is. */
    void put(String name, String value) {
        if (name.startsWith("weft.")) {
            weft.put(name, value);
            return;
        }
        kept.put(name, value);
        find(name).ifPresent(key -> {
            String own = key.weftName(name);
            if (own.startsWith(HADOOP)) {
                hadoop.put(own.substring(HADOOP.length()), value);
            } else if (!own.isEmpty()) {
                weft.putIfAbsent(own, key.weftValue(value));
            } else if (!key.option().isEmpty()) {
                options.merge(key.option(), value, (one, other) -> isList(key.option()) ? one + "," + other : other);
            }
        });
    }

    private Optional<Key> find(String name) {
        return keys.stream().filter(key -> key.spark().equals(name)).findFirst().or(() -> keys.stream()
                .filter(key -> key.matches(name))
                .findFirst());
    }

    private static boolean isList(String option) {
        return option.endsWith("files") || option.equals("--archives");
    }

    /** What is not Weft's: for the program to read. */
    Map<String, String> kept() {
        return kept;
    }

    /** Weft's settings, those that Spark's stand for included. */
    Map<String, String> weft() {
        return weft;
    }

    /** Hadoop's settings. */
    Map<String, String> hadoop() {
        return hadoop;
    }

    /** The option's value: as given, else by one of Spark's settings, else {@code otherwise}. */
    String option(String option, String given, String otherwise) {
        return given != null ? given : options.getOrDefault(option, otherwise);
    }

    /** The entries of a list option and those of Spark's settings for it. */
    List<String> list(String option, List<String> given) {
        List<String> all = new ArrayList<>(given);
        for (String one : options.getOrDefault(option, "").split(",")) {
            if (!one.isBlank()) {
                all.add(one.strip());
            }
        }
        return all;
    }
}
