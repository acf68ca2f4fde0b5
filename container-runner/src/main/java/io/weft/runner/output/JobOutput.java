package io.weft.runner.output;

import io.weft.runner.protocol.OutputSpec;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;

/** One save as the ApplicationMaster sees it: check, setup, then commit or abort. */
public final class JobOutput {
    public static JobOutput of(OutputSpec.TextFile spec, Configuration conf) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Fails with E03 when the output exists; {@code site} is such as "saveAsTextFile at etl.py:88". */
    public void check(String site) throws IOException {
        throw new UnsupportedOperationException();
    }

    public void setup() throws IOException {
        throw new UnsupportedOperationException();
    }

    public void commit() throws IOException {
        throw new UnsupportedOperationException();
    }

    public void abort() throws IOException {
        throw new UnsupportedOperationException();
    }
}
