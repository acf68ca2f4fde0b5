package io.weft.master.splits;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/** Reads whole files that the driver names: local paths, and URIs of any Hadoop FileSystem. */
public final class FileContents {
    private FileContents() {}

    /** {@code hadoop} is asked only for what is not local. The caller closes the stream. */
    public static InputStream open(String path, Supplier<Configuration> hadoop) throws IOException {
        if (path.startsWith("file:")) {
            return Files.newInputStream(Path.of(URI.create(path).getPath()));
        }
        if (!path.matches("[A-Za-z][A-Za-z0-9+.-]*:.*")) {
            return Files.newInputStream(Path.of(path));
        }
        org.apache.hadoop.fs.Path remote = new org.apache.hadoop.fs.Path(path);
        return remote.getFileSystem(hadoop.get()).open(remote);
    }
}
