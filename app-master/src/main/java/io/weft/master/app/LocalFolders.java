package io.weft.master.app;

import io.weft.master.backend.local.TempFolder;
import io.weft.master.jobs.Stacks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The folders of one local application: one for the socket and small things, and one on each disk that the user named for data. */
final class LocalFolders {
    /** A socket's path may have 106 bytes; the folder's and the socket's names take up to 46 of them. */
    private static final int MAX_PARENT_BYTES = 60;

    private final List<Path> parents;
    private final List<Path> folders;

    private LocalFolders(List<Path> parents, List<Path> folders) {
        this.parents = parents;
        this.folders = folders;
    }

    /** {@code disks}: as set; none: TMPDIR, or /tmp. */
    static LocalFolders create(List<String> disks) throws IOException {
        List<Path> parents = new ArrayList<>();
        parents.add(socketParent());
        for (String disk : disks) {
            Path parent = Path.of(disk).toAbsolutePath().normalize();
            if (!parents.contains(parent)) {
                parents.add(parent);
            }
        }
        List<Path> folders = new ArrayList<>();
        try {
            for (Path parent : parents) {
                folders.add(TempFolder.create(parent));
            }
        } catch (IOException | RuntimeException failed) {
            folders.forEach(TempFolder::remove);
            throw new IOException(
                    "no folder for temporary files can be made (" + Stacks.message(failed)
                            + "). Set weft.local.dir or TMPDIR to one that can be written.",
                    failed);
        }
        return new LocalFolders(parents, folders);
    }

    private static Path socketParent() {
        String temporary = System.getenv("TMPDIR");
        Path parent = temporary == null || temporary.isBlank()
                ? Path.of("/tmp")
                : Path.of(temporary).toAbsolutePath();
        boolean fits = parent.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length <= MAX_PARENT_BYTES;
        return fits && Files.isDirectory(parent) ? parent : Path.of("/tmp");
    }

    /** For sockets, the log, and what is small. */
    Path main() {
        return folders.get(0);
    }

    /** A folder in it; whoever uses it makes it. */
    Path folder(String name) {
        return data().get(0).resolve(name);
    }

    /** One a disk, for shuffle, spill and result files. */
    List<Path> data() {
        return folders.size() == 1 ? folders : folders.subList(1, folders.size());
    }

    /** Removes what killed processes have left beside ours. */
    void removeStale() {
        parents.forEach(TempFolder::removeStale);
    }

    void remove() {
        folders.forEach(TempFolder::remove);
    }
}
