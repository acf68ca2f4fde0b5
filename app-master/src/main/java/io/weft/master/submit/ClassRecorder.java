package io.weft.master.submit;

import io.weft.runner.protocol.Link;
import io.weft.runner.protocol.MessageCodec;
import io.weft.runner.rpc.ApplicationSecret;
import io.weft.runner.rpc.RpcClient;
import io.weft.runner.rpc.RpcServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.io.DataOutputBuffer;
import org.apache.hadoop.mapreduce.lib.output.FileOutputCommitter;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.yarn.api.records.ContainerLaunchContext;
import org.apache.hadoop.yarn.api.records.Resource;
import org.apache.hadoop.yarn.client.api.AMRMClient;
import org.apache.hadoop.yarn.client.api.NMClient;
import org.apache.hadoop.yarn.conf.YarnConfiguration;

/**
 * Loads what the JVMs of containers load beyond what a local job does: part of the run with {@code -XX:ArchiveClassesAtExit} when the
 * framework archive is made, so that those start in half the time. Nothing is connected but a server of its own.
 */
public final class ClassRecorder {
    /** Names of Hadoop's classes that a container was seen to load and that nothing here leads to: messages to the daemons. */
    private static final String SEEN = "container-classes.txt";

    private ClassRecorder() {}

    /** {@code jar}: that of Weft. */
    public static void record(Path jar) throws IOException {
        YarnConfiguration conf = new YarnConfiguration();
        conf.setInt("ipc.client.connect.max.retries", 0);
        conf.setInt("yarn.resourcemanager.connect.max-wait.ms", 1_000);
        UserGroupInformation.setConfiguration(conf);
        ownClasses(jar);
        seenClasses();
        remoteCall(conf);
        yarnClients(conf);
        filesystem(conf);
    }

    private static void seenClasses() throws IOException {
        try (InputStream in = ClassRecorder.class.getResourceAsStream(SEEN);
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            lines.lines().filter(line -> !line.startsWith("#")).forEach(ClassRecorder::load);
        }
    }

    private static void ownClasses(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            for (ZipEntry entry : (Iterable<ZipEntry>) file.stream().map(ZipEntry.class::cast)::iterator) {
                String name = entry.getName();
                if (name.startsWith("io/weft/") && name.endsWith(".class") && !name.contains("package-info")) {
                    load(name.substring(0, name.length() - ".class".length()).replace('/', '.'));
                }
            }
        }
    }

    private static void load(String name) {
        try {
            Class.forName(name);
        } catch (ClassNotFoundException | LinkageError absent) {
            // one class less in the archive
        }
    }

    private static void remoteCall(YarnConfiguration conf) throws IOException {
        ApplicationSecret secret = ApplicationSecret.random("application_1_1");
        try (RpcServer server = new RpcServer(conf, "127.0.0.1", secret, (message, reply) -> reply.send(message));
                RpcClient client = new RpcClient(
                        conf, new InetSocketAddress("127.0.0.1", server.port()), secret.credentials("w"), "w")) {
            MessageCodec codec = new MessageCodec();
            codec.decode(client.call(codec.encode(new Link.Register("runner", "host", 1, 1, 1, 1))), Link.class);
        }
    }

    private static void yarnClients(YarnConfiguration conf) throws IOException {
        AMRMClient<AMRMClient.ContainerRequest> resourceManager = AMRMClient.createAMRMClient();
        resourceManager.init(conf);
        resourceManager.addContainerRequest(AMRMClient.ContainerRequest.newBuilder()
                .capability(Resource.newInstance(1024, 1))
                .priority(org.apache.hadoop.yarn.api.records.Priority.newInstance(1))
                .build());
        NMClient nodes = NMClient.createNMClient();
        nodes.init(conf);
        nodes.start();
        ContainerLaunchContext.newInstance(Map.of(), Map.of(), List.of("x"), Map.of(), null, Map.of());
        new DataOutputBuffer().close();
        nodes.stop();
        resourceManager.stop();
    }

    private static void filesystem(YarnConfiguration conf) {
        load(FileOutputCommitter.class.getName());
        try (FileSystem files = FileSystem.newInstance(URI.create("hdfs://127.0.0.1:1"), conf)) {
            files.exists(new org.apache.hadoop.fs.Path("/"));
        } catch (IOException refused) {
            // nobody listens there; the classes are loaded all the same
        }
    }
}
