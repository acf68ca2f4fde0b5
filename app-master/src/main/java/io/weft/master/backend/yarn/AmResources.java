package io.weft.master.backend.yarn;

import io.weft.runner.container.ApplicationRecord;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.security.Credentials;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.security.token.Token;
import org.apache.hadoop.security.token.TokenIdentifier;
import org.apache.hadoop.yarn.api.records.LocalResource;
import org.apache.hadoop.yarn.api.records.LocalResourceType;
import org.apache.hadoop.yarn.api.records.LocalResourceVisibility;
import org.apache.hadoop.yarn.api.records.URL;

/**
 * What runner containers are given: the same resources as the ApplicationMaster, and its credentials without the token that
 * speaks to the ResourceManager.
 */
public record AmResources(String application, Map<String, LocalResource> resources, Credentials credentials) {
    static final int RUNNER_HEAP_MEGABYTES = 192;
    private static final Text RESOURCE_MANAGER_TOKEN = new Text("YARN_AM_RM_TOKEN");

    public AmResources {
        resources = Map.copyOf(resources);
    }

    /** From the application record, which lists the resources, and the current user's credentials. */
    public static AmResources read(ApplicationRecord record, Configuration conf) throws IOException {
        Map<String, LocalResource> resources = new LinkedHashMap<>();
        for (String line : record.list("resources")) {
            List<String> parts = List.of(line.split("\t", 6));
            resources.put(
                    parts.get(0),
                    LocalResource.newInstance(
                            URL.fromPath(new Path(parts.get(5))),
                            LocalResourceType.valueOf(parts.get(1)),
                            LocalResourceVisibility.valueOf(parts.get(2)),
                            Long.parseLong(parts.get(3)),
                            Long.parseLong(parts.get(4))));
        }
        Path own = new Path(record.text("staging"), ApplicationRecord.NAME);
        FileSystem files = own.getFileSystem(conf);
        FileStatus status = files.getFileStatus(own);
        resources.put(
                ApplicationRecord.NAME,
                LocalResource.newInstance(
                        URL.fromPath(status.getPath()),
                        LocalResourceType.FILE,
                        LocalResourceVisibility.APPLICATION,
                        status.getLen(),
                        status.getModificationTime()));
        return new AmResources(record.text("application"), resources, ownCredentials());
    }

    private static Credentials ownCredentials() throws IOException {
        Credentials kept = new Credentials();
        Credentials all = UserGroupInformation.getCurrentUser().getCredentials();
        for (Text name : all.getAllSecretKeys()) {
            kept.addSecretKey(name, all.getSecretKey(name));
        }
        for (Map.Entry<Text, Token<? extends TokenIdentifier>> entry :
                all.getTokenMap().entrySet()) {
            if (!entry.getValue().getKind().equals(RESOURCE_MANAGER_TOKEN)) {
                kept.addToken(entry.getKey(), entry.getValue());
            }
        }
        return kept;
    }
}
