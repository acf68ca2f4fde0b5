package io.weft.master.backend.local;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * A folder of mode 0700 that belongs to one process: {@code weft-<pid>-<start of the process in ms>}. Its name says who made it, so that
 * what a killed process left behind is found and removed by the next one.
 */
public final class TempFolder {
    private static final String PREFIX = "weft-";

    private TempFolder() {}

    /** Makes this process's folder in {@code parent}; fails when there is one already. */
    public static Path create(Path parent) throws IOException {
        Files.createDirectories(parent);
        ProcessHandle self = ProcessHandle.current();
        Path folder = parent.resolve(PREFIX + self.pid() + "-" + startMillis(self));
        return Files.createDirectory(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private static long startMillis(ProcessHandle process) {
        return process.info().startInstant().map(start -> start.toEpochMilli()).orElse(0L);
    }

    /** Removes folders of processes that are gone, as far as they are ours. */
    public static void removeStale(Path parent) {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path folder : found) {
                if (isStale(folder)) {
                    remove(folder);
                }
            }
        } catch (IOException unreadable) {
            // somebody else's folder, or it is gone: nothing to remove
        }
    }

    private static boolean isStale(Path folder) {
        String[] parts = folder.getFileName().toString().split("-");
        if (parts.length != 3 || !parts[1].matches("\\d{1,18}") || !parts[2].matches("\\d{1,18}")) {
            return false;
        }
        try {
            boolean ours = Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                    && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS)
                            .getName()
                            .equals(System.getProperty("user.name"));
            Optional<ProcessHandle> owner = ProcessHandle.of(Long.parseLong(parts[1]));
            boolean alive = owner.isPresent() && startMillis(owner.get()) == Long.parseLong(parts[2]);
            return ours && !alive;
        } catch (IOException gone) {
            return false;
        }
    }

    /** Removes a folder and everything in it, without following links; what cannot be removed stays. */
    public static void remove(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException error) {
                    delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException error) {
                    delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException gone) {
            // removed meanwhile
        }
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException kept) {
            // in use or not ours to remove; the next start tries again
        }
    }
}
