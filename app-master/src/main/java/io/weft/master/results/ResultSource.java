package io.weft.master.results;

import io.weft.runner.protocol.ResultRef;
import java.io.IOException;
import java.io.InputStream;

/** Opens results that their runner holds. */
public interface ResultSource {
    /** A stream of exactly {@code ref.bytes()} bytes; the caller closes it. */
    InputStream open(ResultRef ref) throws IOException;
}
