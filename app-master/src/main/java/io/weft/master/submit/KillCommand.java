package io.weft.master.submit;

import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.exceptions.ApplicationNotFoundException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code kill APPLICATION}: ends it and removes what it left in staging. */
@Command(name = "kill", description = "End an application and remove what it left.", mixinStandardHelpOptions = true)
final class KillCommand implements Callable<Integer> {
    @Parameters(paramLabel = "APPLICATION", description = "application_…")
    String application;

    @Override
    public Integer call() throws Exception {
        ApplicationId id;
        try {
            id = ApplicationId.fromString(application);
        } catch (IllegalArgumentException e) {
            throw new SubmitException(
                    "E17", 2, application + " is not an application id; such as application_1715_0042", e);
        }
        try (ClusterAccess cluster = ClusterAccess.open(Map.of())) {
            try {
                cluster.yarn().killApplication(id, "killed by weft kill");
            } catch (ApplicationNotFoundException e) {
                throw new SubmitException("E15", 5, application + " is not known to the ResourceManager", e);
            } catch (java.io.IOException e) {
                throw cluster.silent(e);
            }
            Staging.of(cluster.files(), application).remove();
            System.err.println(application + " was killed");
            return 0;
        }
    }
}
