package io.weft.runner.input;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class FileSystemSettingsTest {
    private static final String DELAY = "dfs.client.block.write.locateFollowingBlock.initial.delay.ms";

    @Test
    void improvesWhatIsAsShipped() {
        Configuration conf = new Configuration(false);
        FileSystemSettings.improve(conf);
        assertEquals("5", conf.get(DELAY));
        conf.set(DELAY, "400");
        FileSystemSettings.improve(conf);
        assertEquals("5", conf.get(DELAY));
    }

    @Test
    void keepsWhatSomebodyHasSet() {
        Configuration conf = new Configuration(false);
        conf.set(DELAY, "70");
        FileSystemSettings.improve(conf);
        assertEquals("70", conf.get(DELAY));
    }
}
