package io.weft.master.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class AppSettingsTest {
    private static long memory(Map<String, String> settings) throws Exception {
        SettingsLoader loader = new SettingsLoader(Definitions.load()).program(settings);
        return AppSettings.of(loader.load()).worker().memoryBytes();
    }

    @Test
    void aWorkerSpillsBeforeItReachesItsLimit() throws Exception {
        assertEquals(512 << 20, memory(Map.of()));
        assertEquals(512 << 20, memory(Map.of("weft.python.worker.limit", "1g")));
        assertEquals(128 << 20, memory(Map.of("weft.python.worker.limit", "256m")));
        assertEquals(
                200 << 20, memory(Map.of("weft.python.worker.limit", "256m", "weft.python.worker.memory", "200m")));
        assertEquals(
                128 << 20, memory(Map.of("weft.python.worker.limit", "256m", "weft.python.worker.memory", "300m")));
    }
}
