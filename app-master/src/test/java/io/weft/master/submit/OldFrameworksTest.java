package io.weft.master.submit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.runner.container.ApplicationRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OldFrameworksTest {
    private static final String OLD = "weft-00000000000000000000000000000000.tar";
    private static final String USED = "weft-11111111111111111111111111111111.tar.gz";
    private static final String BROKEN_OFF =
            ".weft-22222222222222222222222222222222.tar.gz.123e4567-e89b-12d3-a456-426614174000";
    private static final long NOW = TimeUnit.DAYS.toMillis(20_000);

    @TempDir
    Path home;

    private FileSystem files;

    @BeforeEach
    void useHome() throws IOException {
        org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(home.toUri());
        files = new LocalFileSystem(new RawLocalFileSystem() {
            @Override
            public org.apache.hadoop.fs.Path getHomeDirectory() {
                return folder;
            }
        });
        files.initialize(
                org.apache.hadoop.fs.FileSystem.getLocal(new Configuration()).getUri(), new Configuration());
    }

    @AfterEach
    void close() throws IOException {
        files.close();
    }

    @Test
    void removesACopyThatNoSubmitHasUsedForAWeek() throws IOException {
        put(OLD, 8);
        put(BROKEN_OFF, 8);
        put(USED, 30);
        put("somebody-elses-file", 30);
        new OldFrameworks(files).remove(USED, NOW);
        assertEquals(Set.of(USED, "somebody-elses-file"), left());
    }

    @Test
    void keepsACopyThatIsYoungOrWasUsedOfLate() throws IOException {
        put(OLD, 6);
        put("weft-33333333333333333333333333333333.tar", 30);
        put("weft-33333333333333333333333333333333.tar.used", 2);
        Set<String> before = left();
        new OldFrameworks(files).remove(USED, NOW);
        assertEquals(before, left());
    }

    @Test
    void keepsACopyThatARunningApplicationNames() throws IOException {
        put(OLD, 30);
        Path staging = Files.createDirectories(home.resolve(".weft/staging/application_1_1"));
        Files.writeString(
                staging.resolve(ApplicationRecord.NAME),
                "{\"resources\": [\"weft hdfs:/a/.weft/framework/" + OLD + "\"]}");
        new OldFrameworks(files).remove(USED, NOW);
        assertEquals(Set.of(OLD), left());
    }

    @Test
    void removesNothingWhenAnApplicationsRecordCannotBeRead() throws IOException {
        put(OLD, 30);
        Files.createDirectories(home.resolve(".weft/staging/application_1_1"));
        assertThrows(IOException.class, () -> new OldFrameworks(files).remove(USED, NOW));
        assertEquals(Set.of(OLD), left());
    }

    @Test
    void takesTheHashThatStandsBesideTheArchiveUnlessTheArchiveHasChanged() throws IOException {
        Path archive = Files.writeString(home.resolve("a.tar"), "content");
        String noted = "ab".repeat(32);
        long millis = Files.getLastModifiedTime(archive).toMillis();
        Files.writeString(home.resolve("a.tar.sha256"), noted + " 7 " + millis + "\n");
        assertEquals(noted.substring(0, 32), FrameworkArchive.hash(archive));
        Files.setLastModifiedTime(archive, FileTime.fromMillis(millis + 5_000));
        // printf content | sha256sum
        assertEquals("ed7002b439e9ac845f22357d822bac14", FrameworkArchive.hash(archive));
    }

    private void put(String name, int daysAgo) throws IOException {
        Path folder = Files.createDirectories(home.resolve(".weft/framework"));
        Path file = Files.writeString(folder.resolve(name), "x");
        Files.setLastModifiedTime(file, FileTime.fromMillis(NOW - TimeUnit.DAYS.toMillis(daysAgo)));
    }

    private Set<String> left() throws IOException {
        try (var names = Files.list(home.resolve(".weft/framework"))) {
            Set<String> found = new TreeSet<>();
            names.map(path -> path.getFileName().toString())
                    .filter(name -> !name.endsWith(".crc"))
                    .forEach(found::add);
            return found;
        }
    }
}
