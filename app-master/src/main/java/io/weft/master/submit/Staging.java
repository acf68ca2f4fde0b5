package io.weft.master.submit;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

/** An application's own folder on the cluster's filesystem, readable by its user alone: {@code ~/.weft/staging/APPLICATION}. */
public final class Staging {
    private static final FsPermission PRIVATE = new FsPermission((short) 0700);

    private final FileSystem files;
    private final Path folder;

    private Staging(FileSystem files, Path folder) {
        this.files = files;
        this.folder = folder;
    }

    public static Staging of(FileSystem files, String application) {
        return new Staging(files, new Path(root(files), application));
    }

    /** The staging folder at this address. */
    public static Staging at(Configuration conf, String address) throws IOException {
        Path folder = new Path(address);
        return new Staging(folder.getFileSystem(conf), folder);
    }

    private static Path root(FileSystem files) {
        return files.makeQualified(new Path(files.getHomeDirectory(), ".weft/staging"));
    }

    /** Ids of applications whose folders are still there. */
    static List<String> leftOver(FileSystem files) throws IOException {
        Path root = root(files);
        List<String> found = new ArrayList<>();
        if (files.exists(root)) {
            for (FileStatus status : files.listStatus(root)) {
                found.add(status.getPath().getName());
            }
        }
        return found;
    }

    void create() throws IOException {
        FileSystem.mkdirs(files, folder, PRIVATE);
    }

    public Path path() {
        return folder;
    }

    public Path path(String name) {
        return new Path(folder, name);
    }

    FileStatus upload(java.nio.file.Path local, String name) throws IOException {
        files.copyFromLocalFile(false, true, new Path(local.toUri()), path(name));
        return files.getFileStatus(path(name));
    }

    /** Writes a small file whole. */
    public FileStatus write(String name, byte[] bytes) throws IOException {
        try (OutputStream out = files.create(path(name), true)) {
            out.write(bytes);
        }
        return files.getFileStatus(path(name));
    }

    /** A small file's bytes; throws when it is not there. */
    byte[] read(String name) throws IOException {
        try (var in = files.open(path(name))) {
            return in.readAllBytes();
        }
    }

    public boolean exists() throws IOException {
        return files.exists(folder);
    }

    /** Removes the folder with all in it; fine when it is gone already. */
    public void remove() throws IOException {
        files.delete(folder, true);
    }
}
