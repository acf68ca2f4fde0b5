package io.weft.master.backend.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TempFolderTest {
    @TempDir
    Path parent;

    @Test
    void onlyItsOwnerCanEnterIt() throws Exception {
        Path folder = TempFolder.create(parent);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
    }

    @Test
    void foldersOfDeadProcessesGoAndThoseOfLivingOnesStay() throws Exception {
        Path ours = TempFolder.create(parent);
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Path stale = Files.createDirectories(parent.resolve("weft-" + dead.pid() + "-1700000000000/deep/er"));
        Files.writeString(stale.resolve("file"), "x");
        long parentPid = ProcessHandle.current().pid();
        Path reused = Files.createDirectory(parent.resolve("weft-" + parentPid + "-1"));
        Path other = Files.createDirectory(parent.resolve("weft-bench"));
        TempFolder.removeStale(parent);
        assertTrue(Files.exists(ours));
        assertTrue(Files.exists(other));
        assertFalse(Files.exists(parent.resolve("weft-" + dead.pid() + "-1700000000000")));
        assertFalse(Files.exists(reused));
    }

    @Test
    void linksAreRemovedNotFollowed() throws Exception {
        Path outside = Files.writeString(parent.resolve("keep.txt"), "x");
        Path folder = Files.createDirectory(parent.resolve("gone"));
        Files.createSymbolicLink(folder.resolve("link"), outside);
        TempFolder.remove(folder);
        assertFalse(Files.exists(folder));
        assertTrue(Files.exists(outside));
    }
}
