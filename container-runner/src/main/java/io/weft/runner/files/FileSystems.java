package io.weft.runner.files;

import io.weft.runner.output.PosixLocalFileSystem;
import java.io.IOException;
import java.net.URI;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds the file system of a path. Thread-safe. */
final class FileSystems {
    private final Supplier<Configuration> conf;
    private FileSystem local;

    FileSystems(Supplier<Configuration> conf) {
        this.conf = conf;
    }

    Configuration conf() {
        return conf.get();
    }

    FileSystem of(Path path) throws IOException {
        URI uri = path.toUri();
        String scheme = uri.getScheme();
        if (scheme == null) {
            uri = FileSystem.getDefaultUri(conf.get());
            scheme = uri.getScheme();
        }
        return "file".equals(scheme) ? local() : path.getFileSystem(conf.get());
    }

    /** Without checksum files beside what is written, and able to append. */
    private synchronized FileSystem local() throws IOException {
        if (local == null) {
            FileSystem made = new PosixLocalFileSystem();
            made.initialize(URI.create("file:///"), conf.get());
            local = made;
        }
        return local;
    }

    static boolean isLocal(FileSystem files) {
        return files instanceof PosixLocalFileSystem;
    }
}
