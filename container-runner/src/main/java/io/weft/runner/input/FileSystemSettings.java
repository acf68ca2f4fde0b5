package io.weft.runner.input;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** Settings of Hadoop's file systems that suit short jobs. They count from the first use of a file system, which Hadoop keeps. */
public final class FileSystemSettings {
    /** What the client falls back to, and what is better, by name. */
    private record Better(String shipped, String value) {}

    private FileSystemSettings() {}

    /** Changes what is as Hadoop ships it; what an administrator or user has set stays. */
    public static void improve(Configuration conf) {
        for (Map.Entry<String, Better> setting : settings().entrySet()) {
            String known = conf.get(setting.getKey());
            if (known == null || known.equals(setting.getValue().shipped())) {
                conf.set(setting.getKey(), setting.getValue().value(), "Weft");
            }
        }
    }

    private static Map<String, Better> settings() {
        Map<String, Better> settings = new LinkedHashMap<>();
        // Closing a file asks whether its last block has arrived, and mostly asks some milliseconds too early; the
        // second question then
        // comes 400 ms later. Doubling from 5 ms with 13 retries waits 40 s in all, where the defaults wait 12 s.
        settings.put("dfs.client.block.write.locateFollowingBlock.initial.delay.ms", new Better("400", "5"));
        settings.put("dfs.client.block.write.locateFollowingBlock.retries", new Better("5", "13"));
        return settings;
    }
}
