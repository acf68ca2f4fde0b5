package io.weft.master.config;

import io.weft.runner.input.FileSystemSettings;
import java.io.File;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.apache.hadoop.conf.Configuration;

/**
 * Hadoop's configuration, made once, when first needed or when {@link #prepare()} asks: reading it costs a start 200 ms. Any thread.
 */
public final class HadoopConf {
    private static final String[] FILES = {"core-site.xml", "hdfs-site.xml", "mapred-site.xml", "yarn-site.xml"};

    private final FutureTask<Configuration> made;

    /** {@code settings}: the application's own, above the files of HADOOP_CONF_DIR. */
    public HadoopConf(Map<String, String> settings) {
        Map<String, String> own = new LinkedHashMap<>(settings);
        made = new FutureTask<>(() -> make(own));
    }

    /** Makes it on the calling thread unless another one did or does. */
    public void prepare() {
        made.run();
    }

    /** The configuration; nobody may change it. */
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
