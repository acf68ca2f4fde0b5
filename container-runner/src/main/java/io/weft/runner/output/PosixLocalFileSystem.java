package io.weft.runner.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * The local file system without checksum files, and with permissions set by the JVM: without its native library Hadoop starts a chmod
 * process for each file.
 */
public final class PosixLocalFileSystem extends RawLocalFileSystem {
    private static final PosixFilePermission[] LOWEST_BIT_FIRST = {
        PosixFilePermission.OTHERS_EXECUTE,
        PosixFilePermission.OTHERS_WRITE,
        PosixFilePermission.OTHERS_READ,
        PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.GROUP_WRITE,
        PosixFilePermission.GROUP_READ,
        PosixFilePermission.OWNER_EXECUTE,
        PosixFilePermission.OWNER_WRITE,
        PosixFilePermission.OWNER_READ
    };

    /** Has paths of the local file system served by this class. */
    static void serve(Configuration conf) {
        conf.setClass("fs.file.impl", PosixLocalFileSystem.class, FileSystem.class);
        conf.setBoolean("fs.file.impl.disable.cache", true);
    }

    @Override
    public void setPermission(Path path, FsPermission permission) throws IOException {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (int bit = 0; bit < LOWEST_BIT_FIRST.length; bit++) {
            if ((permission.toShort() >> bit & 1) != 0) {
                permissions.add(LOWEST_BIT_FIRST[bit]);
            }
        }
        Files.setPosixFilePermissions(pathToFile(path).toPath(), permissions);
    }
}
