package io.weft.master.submit;

import io.weft.runner.input.FileSystemSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.yarn.client.api.YarnClient;
import org.apache.hadoop.yarn.conf.YarnConfiguration;

/** The cluster that the configuration names: its ResourceManager and its default filesystem. */
final class ClusterAccess implements AutoCloseable {
    private static final int ANSWER_WITHIN_MILLIS = 20_000;

    private final YarnConfiguration conf;
    private final YarnClient yarn;

    private ClusterAccess(YarnConfiguration conf, YarnClient yarn) {
        this.conf = conf;
        this.yarn = yarn;
    }

    /** Reads the configuration and makes the clients; nothing is connected yet. */
    static ClusterAccess open(Map<String, String> hadoop) throws SubmitException {
        YarnConfiguration conf = new YarnConfiguration();
        if (conf.getResource("yarn-site.xml") == null) {
            throw new SubmitException("E15", 4, missing());
        }
        hadoop.forEach(conf::set);
        FileSystemSettings.improve(conf);
        conf.setInt(YarnConfiguration.RESOURCEMANAGER_CONNECT_MAX_WAIT_MS, ANSWER_WITHIN_MILLIS);
        conf.setInt(YarnConfiguration.RESOURCEMANAGER_CONNECT_RETRY_INTERVAL_MS, 1_000);
        conf.setInt("ipc.client.connect.max.retries", 0);
        conf.setInt("ipc.client.connect.timeout", 5_000);
        conf.setInt("ipc.client.connect.max.retries.on.timeouts", 1);
        conf.setInt(YarnConfiguration.YARN_CLIENT_APPLICATION_CLIENT_PROTOCOL_POLL_INTERVAL_MS, 20);
        YarnClient yarn = YarnClient.createYarnClient();
        yarn.init(conf);
        yarn.start();
        return new ClusterAccess(conf, yarn);
    }

    private static String missing() {
        for (String variable : new String[] {"HADOOP_CONF_DIR", "YARN_CONF_DIR"}) {
            String folder = System.getenv(variable);
            if (folder != null) {
                return "master is yarn, but " + variable + "=" + folder + " holds no yarn-site.xml.";
            }
        }
        return Files.isDirectory(Path.of("/etc/hadoop/conf"))
                ? "master is yarn, but /etc/hadoop/conf holds no yarn-site.xml, and neither HADOOP_CONF_DIR nor YARN_CONF_DIR is set."
                : "master is yarn, but neither HADOOP_CONF_DIR nor YARN_CONF_DIR is set, and /etc/hadoop/conf does not exist.";
    }

    YarnConfiguration conf() {
        return conf;
    }

    YarnClient yarn() {
        return yarn;
    }

    /** The default filesystem; an E15 when its address is unusable. */
    FileSystem files() throws SubmitException {
        try {
            return FileSystem.get(conf);
        } catch (IOException | IllegalArgumentException e) {
            throw new SubmitException(
                    "E15",
                    4,
                    "The filesystem " + FileSystem.getDefaultUri(conf) + " cannot be used: " + rootReason(e),
                    e);
        }
    }

    /** The E15 of a ResourceManager that did not answer: address, reason, and where the address stands. */
    SubmitException silent(Exception error) {
        String key = conf.getRaw(YarnConfiguration.RM_ADDRESS) != null
                        && conf.getPropertySources(YarnConfiguration.RM_ADDRESS) != null
                        && !conf.getPropertySources(YarnConfiguration.RM_ADDRESS)[0].equals("yarn-default.xml")
                ? YarnConfiguration.RM_ADDRESS
                : YarnConfiguration.RM_HOSTNAME;
        String[] sources = conf.getPropertySources(key);
        String source = sources == null
                ? "yarn-default.xml"
                : Arrays.stream(sources).reduce((first, last) -> last).orElse("");
        if (source.equals("yarn-site.xml")) {
            source = conf.getResource("yarn-site.xml").getPath();
        }
        String address = conf.get(YarnConfiguration.RM_ADDRESS);
        return new SubmitException(
                "E15",
                5,
                "ResourceManager " + address + " does not answer (" + rootReason(error) + ", tried for "
                        + ANSWER_WITHIN_MILLIS / 1000 + " s); address from " + source + ", " + key + ".",
                error);
    }

    private static String rootReason(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String message = root.getMessage() == null ? root.toString() : root.getMessage();
        return message.toLowerCase(java.util.Locale.ROOT).contains("connection refused")
                ? "connection refused"
                : message.lines().findFirst().orElse(message);
    }

    @Override
    public void close() {
        yarn.stop();
    }
}
