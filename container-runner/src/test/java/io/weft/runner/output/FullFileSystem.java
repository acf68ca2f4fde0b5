package io.weft.runner.output;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** A disk that takes no byte, as {@code full:}. */
public final class FullFileSystem extends RawLocalFileSystem {
    @Override
    public URI getUri() {
        return URI.create("full:///");
    }

    @Override
    public FSDataOutputStream create(Path file, boolean overwrite) throws IOException {
        return super.create(new Path("/dev/full"), true, 4096, (short) 1, 1 << 20, null);
    }

    @Override
    public boolean delete(Path file, boolean recursive) {
        return false;
    }
}
