package io.weft.master.config;

import io.weft.runner.input.FileSystemSettings;
import io.weft.runner.protocol.HadoopChanges;
import java.io.File;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import org.apache.hadoop.conf.Configuration;

/**
 * Hadoop's configuration, made once, when first needed or when {@link #prepare()} asks: reading it costs a start 200 ms. A program that
 * asks for it is given one of its own, and each job has what that was when the job began. Any thread.
 */
public final class HadoopConf {
    private static final String[] FILES = {"core-site.xml", "hdfs-site.xml", "mapred-site.xml", "yarn-site.xml"};

    /** The configuration at one time, and what differs from that of the start. Nobody changes it. */
    public record Snapshot(Configuration configuration, HadoopChanges changes) {}

    /** What a program may change, in letters: every container is sent it. */
    private static final long MAX_LETTERS = 1 << 20;

    private final FutureTask<Configuration> made;
    /** What the program may change; null until it asks. Guarded by this, as are the two below. */
    private Configuration programs;

    private Map<String, String> before = Map.of();
    private Snapshot last;

    /** {@code settings}: the application's own, above the files of HADOOP_CONF_DIR. */
    public HadoopConf(Map<String, String> settings) {
        Map<String, String> own = new LinkedHashMap<>(settings);
        made = new FutureTask<>(() -> make(own));
    }

    /** Makes it on the calling thread unless another one did or does. */
    public void prepare() {
        made.run();
    }

    /** The configuration of the start; nobody may change it. */
    public Configuration get() {
        made.run();
        try {
            return made.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while Hadoop's configuration was read", interrupted);
        } catch (java.util.concurrent.ExecutionException failed) {
            throw new IllegalStateException(
                    "Hadoop's configuration cannot be read: " + failed.getCause(), failed.getCause());
        }
    }

    /** The program's own, which it may change: {@link #now} tells of it. */
    public synchronized Configuration forProgram() {
        if (programs == null) {
            programs = new Configuration(get());
            before = values(programs);
            last = new Snapshot(get(), HadoopChanges.NONE);
        }
        return programs;
    }

    /**
     * The configuration as the program has made it by now.
     *
     * @throws IllegalArgumentException when it has changed so much that containers cannot be told
     */
    public synchronized Snapshot now() {
        if (programs == null) {
            return new Snapshot(get(), HadoopChanges.NONE);
        }
        HadoopChanges found = changes(last.changes().version() + 1);
        if (found.isSame(last.changes())) {
            return last;
        }
        if (found.letters() > MAX_LETTERS) {
            throw new IllegalArgumentException("Hadoop's configuration has been changed by " + found.letters()
                    + " letters, more than " + MAX_LETTERS
                    + ", which every container would be sent; put large values into a file or a broadcast");
        }
        last = new Snapshot(new Configuration(programs), found);
        return last;
    }

    private HadoopChanges changes(int version) {
        Map<String, String> after = values(programs);
        Map<String, String> changed = new LinkedHashMap<>();
        after.forEach((name, value) -> {
            if (!Objects.equals(before.get(name), value)) {
                changed.put(name, value);
            }
        });
        List<String> removed = new ArrayList<>();
        before.keySet().forEach(name -> {
            if (!after.containsKey(name)) {
                removed.add(name);
            }
        });
        return new HadoopChanges(version, changed, removed);
    }

    private static Map<String, String> values(Configuration conf) {
        Map<String, String> values = new LinkedHashMap<>();
        conf.forEach(entry -> values.put(entry.getKey(), entry.getValue()));
        return values;
    }

    private static Configuration make(Map<String, String> own) {
        Configuration conf = new Configuration();
        String folder = System.getenv("HADOOP_CONF_DIR");
        if (folder != null && !folder.isBlank()) {
            for (String name : FILES) {
                File file = new File(folder, name);
                if (file.isFile()) {
                    conf.addResource(url(file));
                }
            }
        }
        for (Map.Entry<String, String> entry : own.entrySet()) {
            conf.set(entry.getKey(), entry.getValue(), "the program");
        }
        FileSystemSettings.improve(conf);
        return conf;
    }

    private static java.net.URL url(File file) {
        try {
            return file.toURI().toURL();
        } catch (java.net.MalformedURLException impossible) {
            throw new IllegalArgumentException("no URL for " + file, impossible);
        }
    }
}
