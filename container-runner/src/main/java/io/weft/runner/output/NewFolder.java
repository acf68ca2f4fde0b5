package io.weft.runner.output;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A folder that nobody else uses. */
public final class NewFolder {
    private NewFolder() {}

    /** Makes a folder of a new name below {@code parent}, which is made if need be; gives its path with its file system. */
    public static String make(String parent, Configuration conf) throws IOException {
        Path path = new Path(parent, UUID.randomUUID().toString());
        FileSystem files = path.getFileSystem(conf);
        if (!files.mkdirs(path)) {
            throw new IOException(path + " was not made");
        }
        return files.makeQualified(path).toString();
    }
}
