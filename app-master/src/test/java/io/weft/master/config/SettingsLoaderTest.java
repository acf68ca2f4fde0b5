package io.weft.master.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsLoaderTest {
    @TempDir
    Path folder;

    private SettingsLoader loader() {
        return new SettingsLoader(Definitions.load());
    }

    private void site(String name, String value, boolean isFinal) throws Exception {
        Files.writeString(
                folder.resolve("weft-site.xml"),
                "<?xml version=\"1.0\"?><configuration><property><name>" + name + "</name><value>" + value + "</value>"
                        + (isFinal ? "<final>true</final>" : "") + "</property></configuration>");
    }

    @Test
    void everyDefaultHasItsOwnType() {
        for (Definition definition : Definitions.load().all()) {
            boolean checked = definition.isPrefix()
                    || definition.type().problem(definition.value()).isEmpty();
            assertTrue(checked, definition.name());
            assertFalse(definition.description().isEmpty(), definition.name());
        }
    }

    @Test
    void programWinsOverDefaultsFileWinsOverSiteWinsOverDefinitions() throws Exception {
        site("weft.task.maxFailures", "5", false);
        assertEquals(5, loader().folder(folder).load().integer("weft.task.maxFailures"));
        Files.writeString(folder.resolve("weft-defaults.conf"), "# a comment\n\nweft.task.maxFailures   6\n");
        assertEquals(6, loader().folder(folder).load().integer("weft.task.maxFailures"));
        Settings own = loader().folder(folder)
                .program(Map.of("weft.task.maxFailures", "7"))
                .load();
        assertEquals(7, own.integer("weft.task.maxFailures"));
        assertEquals(4, loader().load().integer("weft.task.maxFailures"));
    }

    @Test
    void aFinalValueOfTheSiteStaysAndSaysSo() throws Exception {
        site("weft.python.worker.memory", "1g", true);
        SettingsLoader loader = loader().folder(folder).program(Map.of("weft.python.worker.memory", "4g"));
        assertEquals(1L << 30, loader.load().bytes("weft.python.worker.memory"));
        assertEquals(
                List.of("weft.python.worker.memory is final in weft-site.xml and stays 1g; the program asked for 4g."),
                loader.warnings());
    }

    @Test
    void allProblemsAreToldAtOnceWithTheNearestName() {
        SettingsLoader loader = loader().program(new java.util.TreeMap<>(Map.of(
                "weft.python.worker.memmory", "1g", "weft.task.maxFailures", "many", "other.key", "is not ours")));
        SettingsException error = assertThrows(SettingsException.class, loader::load);
        assertEquals(
                "weft.python.worker.memmory is not a setting. Nearest: weft.python.worker.memory. All: weft conf --list\n"
                        + "weft.task.maxFailures: 'many' is not an integer (the program).",
                error.getMessage());
    }

    @Test
    void aPrefixDefinesEveryNameBelowIt() throws Exception {
        Settings settings = loader().program(Map.of("weft.env.TZ", "UTC")).load();
        assertEquals(Map.of("TZ", "UTC"), settings.below("weft.env."));
    }

    @Test
    void sizesAndDurationsTakeTheUsualSuffixes() {
        assertEquals(512L << 20, SettingType.bytes("512m").orElseThrow());
        assertEquals(2L << 30, SettingType.bytes("2GiB").orElseThrow());
        assertEquals(3L << 10, SettingType.bytes("3 kb").orElseThrow());
        assertEquals(17, SettingType.bytes("17").orElseThrow());
        assertTrue(SettingType.bytes("-1m").isEmpty());
        assertTrue(SettingType.bytes("9999999999g").isEmpty());
        assertEquals(250, SettingType.millis("250ms").orElseThrow());
        assertEquals(120_000, SettingType.millis("2min").orElseThrow());
        assertTrue(SettingType.millis("2 fortnights").isEmpty());
    }
}
