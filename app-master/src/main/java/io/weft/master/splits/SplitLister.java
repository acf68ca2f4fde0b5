package io.weft.master.splits;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** Lists the splits of text inputs. */
public final class SplitLister {
    /** {@code localFirst}: a path without scheme that exists on this machine is read as file: (local modes). */
    public SplitLister(Configuration conf, boolean localFirst) {}

    /**
     * @param paths as the user gave them: comma list, globs, folders
     * @param site such as "textFile at etl.py:12", for error messages
     */
    public List<Split> list(String paths, int minPartitions, String site) throws IOException {
        throw new UnsupportedOperationException();
    }
}
