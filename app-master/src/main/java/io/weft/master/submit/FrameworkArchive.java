package io.weft.master.submit;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsAction;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.yarn.api.records.LocalResourceVisibility;

/**
 * Weft itself, as one archive that YARN unpacks once a node. The admin's copy ({@code weft.yarn.archive}) is used where one is set,
 * else the user's own, named by its content's hash and uploaded once: under a temporary name, then renamed without
 * overwriting, so that of two first submitters the slower uses the faster's. A copy is trusted only when it belongs to the
 * user or to a configured owner: its code runs with the user's rights.
 */
final class FrameworkArchive {
    /** Where the archive is, and who may share it. */
    record Located(FileStatus status, LocalResourceVisibility visibility, boolean uploaded) {}

    private final FileSystem files;
    private final String user;
    private final List<String> trustedOwners;

    FrameworkArchive(FileSystem files, String user, List<String> trustedOwners) {
        this.files = files;
        this.user = user;
        this.trustedOwners = List.copyOf(trustedOwners);
    }

    /** The admin's archive. */
    Located shared(String path) throws IOException, SubmitException {
        Path archive = files.makeQualified(new Path(path));
        FileSystem owner = archive.getFileSystem(files.getConf());
        if (!owner.exists(archive)) {
            throw new SubmitException(
                    "E24",
                    4,
                    "weft.yarn.archive is " + archive + ", which does not exist; ask the cluster's administrator.");
        }
        FileStatus status = owner.getFileStatus(archive);
        trust(status, "weft.yarn.archive");
        return new Located(status, visibility(owner, status), false);
    }

    /** The user's own copy of {@code local}, uploaded if it is not there yet. */
    Located own(java.nio.file.Path local) throws IOException, SubmitException {
        String name = local.getFileName().toString();
        String suffix = name.endsWith(".tar.gz") ? ".tar.gz" : name.substring(name.lastIndexOf('.'));
        Path folder = OldFrameworks.folder(files);
        Path archive = new Path(folder, "weft-" + hash(local) + suffix);
        OldFrameworks.markUsed(files, archive, System.currentTimeMillis());
        boolean absent = !files.exists(archive);
        if (absent) {
            FileSystem.mkdirs(files, folder, new FsPermission((short) 0755));
            Path temporary = new Path(folder, "." + archive.getName() + "." + UUID.randomUUID());
            try {
                files.copyFromLocalFile(false, true, new Path(local.toUri()), temporary);
                files.setPermission(temporary, new FsPermission((short) 0644));
                if (!files.rename(temporary, archive) && !files.exists(archive)) {
                    throw new IOException("cannot rename " + temporary + " to " + archive);
                }
            } finally {
                files.delete(temporary, false);
            }
        }
        FileStatus status = files.getFileStatus(archive);
        trust(status, "the framework archive");
        if (status.getLen() != Files.size(local)) {
            throw new SubmitException(
                    "E24",
                    4,
                    archive + " has " + status.getLen() + " bytes, " + local + " " + Files.size(local)
                            + "; delete the former and submit again.");
        }
        return new Located(status, visibility(files, status), absent);
    }

    private void trust(FileStatus status, String what) throws SubmitException {
        if (!status.getOwner().equals(user) && !trustedOwners.contains(status.getOwner())) {
            throw new SubmitException(
                    "E24",
                    4,
                    what + " " + status.getPath() + " belongs to " + status.getOwner() + ", whose code would run as "
                            + user + "; if that is meant, name the owner in weft.yarn.archive.owners.");
        }
    }

    /** PUBLIC only if everybody may read the file and pass all its parents, as the NodeManager demands. */
    static LocalResourceVisibility visibility(FileSystem files, FileStatus status) throws IOException {
        if (!status.getPermission().getOtherAction().implies(FsAction.READ)) {
            return LocalResourceVisibility.PRIVATE;
        }
        for (Path parent = status.getPath().getParent(); parent != null; parent = parent.getParent()) {
            if (!files.getFileStatus(parent).getPermission().getOtherAction().implies(FsAction.EXECUTE)) {
                return LocalResourceVisibility.PRIVATE;
            }
        }
        return LocalResourceVisibility.PUBLIC;
    }

    /** The archive that was built beside the jar that runs: {@code weft-VERSION-framework.tar.gz}. */
    static java.nio.file.Path besideTheJar() throws SubmitException {
        java.nio.file.Path jar = ownJar();
        String given = System.getProperty("weft.framework", "");
        java.nio.file.Path archive = given.isEmpty()
                ? jar.resolveSibling(jar.getFileName().toString().replaceAll("\\.jar$", "") + "-framework.tar.gz")
                : java.nio.file.Path.of(given);
        if (!Files.isRegularFile(archive)) {
            throw new SubmitException(
                    "E24",
                    4,
                    "The framework archive " + archive
                            + " is missing; build it with bin/dev dist and keep it beside the jar,"
                            + " or set weft.yarn.archive to the cluster's copy.");
        }
        return archive;
    }

    /**
     * The jar that this class came in. RunJar unpacks it and loads classes from there, but keeps the jar itself on its class
     * loader's list.
     */
    private static java.nio.file.Path ownJar() {
        try {
            java.nio.file.Path own = java.nio.file.Path.of(FrameworkArchive.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            if (Files.isDirectory(own) && FrameworkArchive.class.getClassLoader() instanceof URLClassLoader loader) {
                for (URL url : loader.getURLs()) {
                    if (url.getPath().endsWith(".jar")) {
                        return java.nio.file.Path.of(url.toURI());
                    }
                }
            }
            return own;
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the jar's own address is unusable", e);
        }
    }

    /** The archive's hash, as its maker wrote it beside it; read from the archive where that is missing or of another one. */
    static String hash(java.nio.file.Path file) throws IOException {
        java.nio.file.Path real = file.toRealPath();
        java.nio.file.Path note = real.resolveSibling(real.getFileName() + ".sha256");
        if (Files.isRegularFile(note)) {
            String[] words = Files.readString(note).strip().split(" ");
            if (words.length == 3
                    && words[0].matches("[0-9a-f]{64}")
                    && words[1].equals(Long.toString(Files.size(file)))
                    && words[2].equals(
                            Long.toString(Files.getLastModifiedTime(file).toMillis()))) {
                return words[0].substring(0, 32);
            }
        }
        return computedHash(file);
    }

    private static String computedHash(java.nio.file.Path file) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest()).substring(0, 32);
    }
}
