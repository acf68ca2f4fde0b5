package io.weft.runner.container;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.worker.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the submitting client tells all containers: a localized JSON file, since whatever goes through YARN's environment or
 * command line is expanded by a shell on the node. A reader refuses a format that it does not know.
 *
 * <p>Keys: application, name, user, queue, staging, waits, script, scriptResource, arguments, settings, hosts, executors, cores,
 * executorMegabytes, containerMegabytes, driverMegabytes, resources; program (settings that are neither Weft's nor Hadoop's, for
 * the script to read), pyspark (the script is a PySpark program); and for the working directory: links (the user's name to
 * the resource's), modules (the same, in a folder on PYTHONPATH), pythonPath (resources that stand on PYTHONPATH).
 */
public final class ApplicationRecord {
    /** Its name in every working directory. */
    public static final String NAME = "weft-application.json";

    public static final int FORMAT = 1;

    /** Read by UserGroupInformation, from the environment or as a property. */
    private static final String USER_VARIABLE = "HADOOP_USER_NAME";

    private final JsonNode values;

    private ApplicationRecord(JsonNode values) {
        this.values = values;
    }

    public static ApplicationRecord read(Path file) throws IOException {
        JsonNode values = Json.object(Files.readAllBytes(file), file.toString());
        if (values.path("format").asInt() != FORMAT) {
            throw new IOException(file + " has format " + values.path("format") + "; this Weft reads " + FORMAT);
        }
        return new ApplicationRecord(values);
    }

    /**
     * Lets Hadoop's clients in this process act as the user who submitted; before the first of them is made. On a cluster without
     * Kerberos a container runs as the NodeManager's user, whose files the application's are not. With Kerberos this has no effect.
     */
    public void actAsUser() {
        String user = text("user");
        if (!user.isEmpty() && System.getenv(USER_VARIABLE) == null) {
            System.setProperty(USER_VARIABLE, user);
        }
    }

    /** What the user's settings say of Hadoop's configuration, by its own names. */
    public Map<String, String> hadoop() {
        String prefix = "weft.hadoop.";
        Map<String, String> found = new LinkedHashMap<>();
        map("settings").forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                found.put(key.substring(prefix.length()), value);
            }
        });
        return found;
    }

    /** The text under this key, "" when there is none. */
    public String text(String key) {
        return values.path(key).asText("");
    }

    public long number(String key) {
        return values.path(key).asLong();
    }

    public boolean flag(String key) {
        return values.path(key).asBoolean();
    }

    public List<String> list(String key) {
        List<String> list = new ArrayList<>();
        values.path(key).forEach(element -> list.add(element.asText()));
        return list;
    }

    public Map<String, String> map(String key) {
        Map<String, String> map = new LinkedHashMap<>();
        values.path(key)
                .fields()
                .forEachRemaining(
                        entry -> map.put(entry.getKey(), entry.getValue().asText()));
        return map;
    }
}
