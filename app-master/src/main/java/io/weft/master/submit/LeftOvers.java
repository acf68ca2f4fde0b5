package io.weft.master.submit;

import java.io.IOException;
import java.util.EnumSet;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.apache.hadoop.yarn.exceptions.ApplicationNotFoundException;
import org.apache.hadoop.yarn.exceptions.YarnException;

/** Staging folders of the user's applications that ended without cleaning up: killed, and nobody waited. */
final class LeftOvers {
    private static final EnumSet<YarnApplicationState> ENDED =
            EnumSet.of(YarnApplicationState.FINISHED, YarnApplicationState.FAILED, YarnApplicationState.KILLED);

    /** So that a submit is never held up long by many of them. */
    private static final int AT_ONCE = 20;

    private final ClusterAccess cluster;
    private final FileSystem files;

    LeftOvers(ClusterAccess cluster, FileSystem files) {
        this.cluster = cluster;
        this.files = files;
    }

    /** Removes those of ended applications; what cannot be judged stays. */
    void remove() throws IOException {
        int removed = 0;
        for (String name : Staging.leftOver(files)) {
            if (removed < AT_ONCE && isEnded(name)) {
                Staging.of(files, name).remove();
                removed++;
            }
        }
    }

    private boolean isEnded(String name) throws IOException {
        ApplicationId id;
        try {
            id = ApplicationId.fromString(name);
        } catch (IllegalArgumentException e) {
            return false;
        }
        try {
            return ENDED.contains(cluster.yarn().getApplicationReport(id).getYarnApplicationState());
        } catch (ApplicationNotFoundException e) {
            return true;
        } catch (YarnException e) {
            return false;
        }
    }
}
