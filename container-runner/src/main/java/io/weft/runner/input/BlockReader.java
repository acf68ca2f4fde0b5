package io.weft.runner.input;

import java.io.IOException;
import java.io.InputStream;

/** Reads blocks that the ApplicationMaster holds. */
public interface BlockReader {
    /** A stream of exactly {@code length} bytes, or an exception while it is read. The caller closes it. */
    InputStream open(String block, long offset, long length) throws IOException;
}
