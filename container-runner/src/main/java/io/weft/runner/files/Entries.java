package io.weft.runner.files;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.worker.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;

/** Files and folders as ENTRY objects. */
final class Entries {
    private Entries() {}

    static ObjectNode of(FileSystem files, FileStatus status) throws IOException {
        ObjectNode entry = Json.object();
        entry.put("path", status.getPath().getName());
        entry.put("uri", status.getPath().toString());
        entry.put("type", status.isDirectory() ? "directory" : "file");
        entry.put("size", status.isDirectory() ? 0 : status.getLen());
        entry.put("mtime", status.getModificationTime());
        entry.put("atime", status.getAccessTime());
        entry.put("replication", status.getReplication());
        entry.put("block", status.getBlockSize());
        if (FileSystems.isLocal(files)) {
            addLocalOwner(entry, status);
        } else {
            entry.put("owner", status.getOwner());
            entry.put("group", status.getGroup());
            entry.put("mode", status.getPermission().toShort());
        }
        return entry;
    }

    /** Asked of the system by the JVM: Hadoop would start a process for each file. */
    private static void addLocalOwner(ObjectNode entry, FileStatus status) throws IOException {
        java.nio.file.Path file = java.nio.file.Path.of(status.getPath().toUri().getPath());
        PosixFileAttributes attributes;
        try {
            attributes = Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (java.nio.file.NoSuchFileException gone) {
            throw FileFailure.missing(status.getPath().toString());
        }
        entry.put("owner", attributes.owner().getName());
        entry.put("group", attributes.group().getName());
        entry.put("mode", bits(attributes.permissions()));
    }

    private static int bits(Set<PosixFilePermission> permissions) {
        int bits = 0;
        for (PosixFilePermission one : PosixFilePermission.values()) { // the highest bit first
            bits = bits << 1 | (permissions.contains(one) ? 1 : 0);
        }
        return bits;
    }
}
