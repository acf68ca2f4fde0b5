package io.weft.runner.container;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A container's working directory as user code is to find it: files and archives under their own names, modules on PYTHONPATH.
 * YARN has put the resources there under names of ours.
 */
public final class WorkingDirectory {
    private static final String FRAMEWORK = "weft";
    private static final String MODULES = "weft-modules";
    private static final String SOCKETS = "weft-s";

    private final Path folder;
    private final ApplicationRecord record;

    private WorkingDirectory(Path folder, ApplicationRecord record) {
        this.folder = folder;
        this.record = record;
    }

    /** Makes the links that the record names in {@code folder}; ones that are there already stay. */
    public static WorkingDirectory prepare(Path folder, ApplicationRecord record) throws IOException {
        WorkingDirectory made = new WorkingDirectory(folder.toAbsolutePath().normalize(), record);
        made.link(made.folder, record.map("links"));
        Files.createDirectories(made.folder.resolve(MODULES));
        made.link(made.folder.resolve(MODULES), record.map("modules"));
        return made;
    }

    private void link(Path into, Map<String, String> links) throws IOException {
        for (Map.Entry<String, String> link : links.entrySet()) {
            try {
                Files.createSymbolicLink(into.resolve(link.getKey()), folder.resolve(link.getValue()));
            } catch (FileAlreadyExistsException there) {
                continue;
            }
        }
    }

    public Path folder() {
        return folder;
    }

    /** What PYTHONPATH must hold, first things first: the user's packages, then Weft's and what it needs. */
    public List<String> pythonPath() {
        List<String> path = new ArrayList<>();
        path.add(folder.resolve(MODULES).toString());
        record.list("pythonPath").forEach(name -> path.add(folder.resolve(name).toString()));
        path.addAll(frameworkPath());
        return path;
    }

    private List<String> frameworkPath() {
        List<String> given = record.list("frameworkPath");
        return given.isEmpty()
                ? List.of(
                        folder.resolve(FRAMEWORK).resolve("python").toString(),
                        folder.resolve(FRAMEWORK).resolve("site-packages").toString())
                : given;
    }

    /** The interpreter: weft.python, as given or inside a shipped archive; {@code python3} else. */
    public String python() {
        String python = record.map("settings").getOrDefault("weft.python", "python3");
        return python.contains("/") && !python.startsWith("/")
                ? folder.resolve(python).normalize().toString()
                : python;
    }

    /** Variables that the user's settings ask for in Python processes. */
    public Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        record.map("settings").forEach((key, value) -> {
            if (key.startsWith("weft.env.")) {
                environment.put(key.substring("weft.env.".length()), value);
            } else if (key.equals("weft.python.preimport")) {
                environment.put("WEFT_PREIMPORT", value);
            }
        });
        return environment;
    }

    /** A folder of mode 0700 for sockets, as a short path relative to the working directory of this process. */
    public Path socketFolder() throws IOException {
        Path relative = Path.of(SOCKETS);
        if (!Files.isDirectory(relative)) {
            Files.createDirectory(
                    relative, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        return relative;
    }

    /** The application's folder on each local disk, as YARN names them; this folder where it names none. */
    public List<Path> locals() {
        String dirs = System.getenv("LOCAL_DIRS");
        List<Path> locals = new ArrayList<>();
        if (dirs != null) {
            for (String dir : dirs.split(",")) {
                if (!dir.isBlank()) {
                    locals.add(Path.of(dir.strip()));
                }
            }
        }
        return locals.isEmpty() ? List.of(folder) : locals;
    }
}
