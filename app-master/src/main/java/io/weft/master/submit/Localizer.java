package io.weft.master.submit;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.yarn.api.records.LocalResource;
import org.apache.hadoop.yarn.api.records.LocalResourceType;
import org.apache.hadoop.yarn.api.records.LocalResourceVisibility;
import org.apache.hadoop.yarn.api.records.URL;

/**
 * Turns the user's files into YARN resources. A node's launch script links each resource by a name that a shell sees, so those
 * names are ours ({@code weft-r0}, {@code weft-r1}, …); what the user calls them stands in the application record, from which
 * the containers make the links.
 */
final class Localizer {
    private final Staging staging;
    private final FileSystem files;
    private final Map<String, LocalResource> resources = new LinkedHashMap<>();
    private final Map<String, String> addresses = new LinkedHashMap<>();

    /** By the user's name in the working directory, the resource's name. */
    private final Map<String, String> links = new LinkedHashMap<>();

    /** Resources that go on PYTHONPATH, in order: unpacked archives, and links in the module folder. */
    private final List<String> pythonPath = new ArrayList<>();

    private final Map<String, String> modules = new LinkedHashMap<>();
    private int jars;

    Localizer(Staging staging, FileSystem files) {
        this.staging = staging;
        this.files = files;
    }

    Map<String, LocalResource> resources() {
        return resources;
    }

    Map<String, String> links() {
        return links;
    }

    Map<String, String> modules() {
        return modules;
    }

    List<String> pythonPath() {
        return pythonPath;
    }

    /** The resources as the application record carries them: name, type, visibility, size, time, address; tabs between. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        resources.forEach((name, resource) -> lines.add(String.join(
                "\t",
                name,
                resource.getType().name(),
                resource.getVisibility().name(),
                Long.toString(resource.getSize()),
                Long.toString(resource.getTimestamp()),
                addresses.get(name))));
        return lines;
    }

    void add(String name, FileStatus status, LocalResourceType type, LocalResourceVisibility visibility) {
        addresses.put(name, status.getPath().toString());
        resources.put(
                name,
                LocalResource.newInstance(
                        URL.fromPath(status.getPath()),
                        type,
                        visibility,
                        status.getLen(),
                        status.getModificationTime()));
    }

    /** One of --files: stands in the working directory under its own name or alias. */
    void file(String given) throws IOException, SubmitException {
        Named named = Named.of(given);
        links.put(named.alias(), resource(named.path(), LocalResourceType.FILE, ""));
    }

    /** One of --archives: unpacked, a folder of its own name or alias. */
    void archive(String given) throws IOException, SubmitException {
        Named named = Named.of(given);
        String suffix = archiveSuffix(named.path());
        if (suffix.isEmpty()) {
            throw new SubmitException(
                    "E24",
                    4,
                    "--archives " + given + ": not an archive; .zip, .jar, .tar, .tar.gz and .tgz can be unpacked.");
        }
        links.put(named.alias(), resource(named.path(), LocalResourceType.ARCHIVE, suffix));
    }

    /** One of --py-files: a module goes into the module folder; everything else is unpacked, since wheels may hold native code. */
    void pyFile(String given) throws IOException, SubmitException {
        Named named = Named.of(given);
        String lower = named.path().toLowerCase(Locale.ROOT);
        if (lower.endsWith(".py")) {
            modules.put(named.alias(), resource(named.path(), LocalResourceType.FILE, ""));
        } else if (lower.endsWith(".zip") || lower.endsWith(".egg") || lower.endsWith(".whl")) {
            refuseForeignCode(named.path());
            pythonPath.add(resource(named.path(), LocalResourceType.ARCHIVE, ".zip"));
        } else {
            throw new SubmitException("E24", 4, "--py-files " + given + ": .py, .zip, .egg or .whl is needed.");
        }
    }

    /** One of --jars: on the class path of all containers, in the order given, by a name that their start script knows. */
    void jar(String given) throws IOException, SubmitException {
        if (!given.toLowerCase(Locale.ROOT).endsWith(".jar")) {
            throw new SubmitException("E24", 4, "--jars " + given + ": not a .jar.");
        }
        resource(String.format("weft-jar%03d.jar", jars++), given, LocalResourceType.FILE, "");
    }

    /** The script: its resource's name. */
    String script(String given) throws IOException, SubmitException {
        return resource(given, LocalResourceType.FILE, "");
    }

    private String resource(String given, LocalResourceType type, String suffix) throws IOException, SubmitException {
        return resource("weft-r" + resources.size(), given, type, suffix);
    }

    private String resource(String name, String given, LocalResourceType type, String suffix)
            throws IOException, SubmitException {
        URI uri = new Path(given.replace(" ", "%20")).toUri();
        if (uri.getScheme() != null && !uri.getScheme().equals("file")) {
            Path remote = new Path(given);
            FileSystem owner = remote.getFileSystem(files.getConf());
            if (!owner.exists(remote)) {
                throw missing(given);
            }
            FileStatus status = owner.getFileStatus(owner.makeQualified(remote));
            add(name, status, type, LocalResourceVisibility.PRIVATE);
            return name;
        }
        java.nio.file.Path local = java.nio.file.Path.of(given.replaceFirst("^file:(//)?", ""));
        if (!Files.isRegularFile(local)) {
            throw missing(given);
        }
        add(name, staging.upload(local, name + suffix), type, LocalResourceVisibility.APPLICATION);
        return name;
    }

    private static SubmitException missing(String given) {
        return new SubmitException("E02", 3, given + " does not exist; nothing was submitted.");
    }

    private static String archiveSuffix(String path) {
        String lower = path.toLowerCase(Locale.ROOT);
        for (String suffix : List.of(".tar.gz", ".tgz", ".tar", ".zip", ".jar")) {
            if (lower.endsWith(suffix)) {
                return suffix;
            }
        }
        return "";
    }

    /** Native code for another system in a py-file would fail on the nodes, late and badly. */
    private static void refuseForeignCode(String given) throws IOException, SubmitException {
        java.nio.file.Path local = java.nio.file.Path.of(given.replaceFirst("^file:(//)?", ""));
        if (!Files.isRegularFile(local)) {
            return;
        }
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(local))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith(".pyd") || entry.getName().endsWith(".dll")) {
                    throw new SubmitException(
                            "E24",
                            4,
                            given + " holds native code (" + entry.getName() + ") for Windows; the nodes run Linux.");
                }
            }
        }
    }

    /** {@code path#alias}; without an alias the path's last name. */
    private record Named(String path, String alias) {
        static Named of(String given) throws SubmitException {
            int hash = given.lastIndexOf('#');
            String path = hash < 0 ? given : given.substring(0, hash);
            String alias = hash < 0 ? path.replaceAll("/+$", "").replaceAll(".*/", "") : given.substring(hash + 1);
            if (alias.isEmpty() || alias.contains("/") || alias.equals(".") || alias.equals("..")) {
                throw new SubmitException(
                        "E24", 4, given + ": '" + alias + "' cannot be a name in the working directory.");
            }
            return new Named(path, alias);
        }
    }
}
