package io.weft.master.submit;

import io.weft.master.config.ContainerSizes;
import io.weft.master.config.Definitions;
import io.weft.master.config.LargestContainer;
import io.weft.master.config.Settings;
import io.weft.master.config.SettingsException;
import io.weft.master.config.SettingsLoader;
import io.weft.runner.container.ApplicationRecord;
import io.weft.runner.rpc.ApplicationSecret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.io.DataOutputBuffer;
import org.apache.hadoop.security.Credentials;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.yarn.api.records.ApplicationSubmissionContext;
import org.apache.hadoop.yarn.api.records.ContainerLaunchContext;
import org.apache.hadoop.yarn.api.records.LocalResourceType;
import org.apache.hadoop.yarn.api.records.LocalResourceVisibility;
import org.apache.hadoop.yarn.api.records.NodeReport;
import org.apache.hadoop.yarn.api.records.NodeState;
import org.apache.hadoop.yarn.api.records.QueueInfo;
import org.apache.hadoop.yarn.api.records.Resource;
import org.apache.hadoop.yarn.client.api.YarnClientApplication;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.exceptions.YarnException;

/** One submission: checks, uploads, submits, and hands over to {@link Watcher}. Leaves nothing behind when it fails. */
final class Submitter {
    /** The unpacked framework in every working directory. */
    private static final String FRAMEWORK = "weft";

    private static final String HADOOP_CONF = "weft-hadoop.xml";
    private static final int MASTER_HEAP_MEGABYTES = 256;

    private static final Pattern UNKNOWN_QUEUE = Pattern.compile("unknown queue: (\\S+)");

    private final ClusterAccess cluster;
    private final Request request;
    private final PrintStream out;
    private final PrintStream err;

    Submitter(ClusterAccess cluster, Request request, PrintStream out, PrintStream err) {
        this.cluster = cluster;
        this.request = request;
        this.out = out;
        this.err = err;
    }

    /** The exit code for the shell. */
    int run() throws SubmitException, IOException, YarnException {
        long startNanos = System.nanoTime();
        Settings settings = settings();
        FutureTask<Framework> framework = new FutureTask<>(() -> framework(settings));
        Thread beside = new Thread(framework, "weft-framework");
        beside.setDaemon(true);
        beside.start();
        YarnClientApplication application;
        try {
            application = cluster.yarn().createApplication();
        } catch (IOException e) {
            throw cluster.silent(e);
        }
        checkSizes(application.getNewApplicationResponse().getMaximumResourceCapability());
        Framework found = await(framework);
        FileSystem files = found.files();
        ApplicationSubmissionContext context = application.getApplicationSubmissionContext();
        String id = context.getApplicationId().toString();
        Staging staging = Staging.of(files, id);
        boolean submitted = false;
        try {
            staging.create();
            fill(context, staging, found, settings);
            cluster.yarn().submitApplication(context);
            submitted = true;
        } catch (YarnException e) {
            throw new SubmitException("E12", 5, refusal(e), e);
        } finally {
            if (!submitted) {
                staging.remove();
            }
        }
        tidy(found);
        if (!request.waits()) {
            out.println(id);
            return 0;
        }
        return new Watcher(cluster, staging, request, startNanos, err).untilEnd(context.getApplicationId());
    }

    /** The cluster's filesystem, and Weft's archive on it. */
    private record Framework(FileSystem files, FrameworkArchive.Located archive) {}

    private Framework framework(Settings settings) throws SubmitException, IOException {
        FileSystem files = cluster.files();
        String user = UserGroupInformation.getCurrentUser().getShortUserName();
        FrameworkArchive framework = new FrameworkArchive(files, user, settings.list("weft.yarn.archive.owners"));
        String shared = settings.string("weft.yarn.archive");
        return new Framework(
                files, shared.isEmpty() ? framework.own(FrameworkArchive.besideTheJar()) : framework.shared(shared));
    }

    private static Framework await(FutureTask<Framework> framework) throws SubmitException, IOException {
        try {
            return framework.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the framework archive was looked for", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SubmitException refused) {
                throw refused;
            }
            if (e.getCause() instanceof IOException failed) {
                throw failed;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Removes what earlier applications left; when the new one is on its way, so that it does not wait for that. */
    private void tidy(Framework framework) {
        try {
            new LeftOvers(cluster, framework.files()).remove();
            String used = framework.archive().status().getPath().getName();
            new OldFrameworks(framework.files()).remove(used, System.currentTimeMillis());
        } catch (IOException later) {
            // the next submit tries again; the application that was just submitted does not depend on it
        }
    }

    private Settings settings() throws SubmitException {
        try {
            SettingsLoader loader = new SettingsLoader(Definitions.load());
            String folder = System.getenv("WEFT_CONF_DIR");
            if (folder != null) {
                loader.folder(java.nio.file.Path.of(folder));
            }
            return loader.program(request.keys().weft()).load();
        } catch (SettingsException e) {
            throw new SubmitException("E17", 2, e.getMessage(), e);
        }
    }

    private void checkSizes(Resource most) throws SubmitException {
        LargestContainer largest = new LargestContainer(most.getMemorySize(), most.getVirtualCores());
        String undone = "Nothing was submitted.";
        Request.Sizes sizes = request.sizes();
        Optional<String> refusal = largest.refuses(sizes.executors(), undone, Request.Sizes::option)
                .or(() -> largest.refuses(sizes.driverMegabytes(), undone, "--driver-memory"));
        if (refusal.isPresent()) {
            throw new SubmitException("E11", 5, refusal.get());
        }
    }

    private void fill(ApplicationSubmissionContext context, Staging staging, Framework framework, Settings settings)
            throws SubmitException, IOException, YarnException {
        FileSystem files = framework.files();
        Localizer localizer = new Localizer(staging, files);
        addFramework(localizer, framework.archive());
        addHadoopConf(localizer, staging);
        RecordBody record = record(localizer, staging, context, settings);
        localizer.add(
                ApplicationRecord.NAME,
                staging.write(ApplicationRecord.NAME, record.bytes()),
                LocalResourceType.FILE,
                LocalResourceVisibility.APPLICATION);
        ContainerLaunchContext launch = ContainerLaunchContext.newInstance(
                localizer.resources(),
                Map.of(),
                List.of("exec /bin/bash " + FRAMEWORK + "/bin/weft-container am -Xmx" + MASTER_HEAP_MEGABYTES
                        + "m -Dweft.application=" + context.getApplicationId()
                        + " io.weft.master.app.YarnMain 1><LOG_DIR>/stdout 2><LOG_DIR>/stderr"),
                Map.of(),
                credentials(context.getApplicationId().toString(), files),
                Map.of());
        context.setAMContainerSpec(launch);
        context.setApplicationName(request.name());
        context.setApplicationType("WEFT");
        context.setQueue(request.queue());
        context.setMaxAppAttempts(1);
        context.setResource(Resource.newInstance(request.sizes().driverMegabytes(), 1));
    }

    private void addFramework(Localizer localizer, FrameworkArchive.Located located) {
        if (located.uploaded()) {
            err.println("weft: copied the framework to " + located.status().getPath() + ", once for all later submits");
        }
        localizer.add(FRAMEWORK, located.status(), LocalResourceType.ARCHIVE, located.visibility());
    }

    /** What the client's files and options set, without Hadoop's own defaults. */
    private void addHadoopConf(Localizer localizer, Staging staging) throws IOException {
        Configuration set = new Configuration(false);
        for (Map.Entry<String, String> entry : cluster.conf()) {
            String[] sources = cluster.conf().getPropertySources(entry.getKey());
            String source = sources == null || sources.length == 0 ? "" : sources[sources.length - 1];
            if (!source.endsWith("-default.xml") && !entry.getKey().startsWith("ipc.client.connect.")) {
                set.set(entry.getKey(), cluster.conf().getRaw(entry.getKey()));
            }
        }
        set.unset(YarnConfiguration.RESOURCEMANAGER_CONNECT_MAX_WAIT_MS);
        set.unset(YarnConfiguration.RESOURCEMANAGER_CONNECT_RETRY_INTERVAL_MS);
        ByteArrayOutputStream xml = new ByteArrayOutputStream();
        set.writeXml(xml);
        FileStatus status = staging.write(HADOOP_CONF, xml.toByteArray());
        localizer.add(HADOOP_CONF, status, LocalResourceType.FILE, LocalResourceVisibility.APPLICATION);
    }

    private RecordBody record(
            Localizer localizer, Staging staging, ApplicationSubmissionContext context, Settings settings)
            throws SubmitException, IOException, YarnException {
        Request.Payload payload = request.payload();
        String script = localizer.script(payload.script());
        for (String file : payload.files()) {
            localizer.file(file);
        }
        for (String archive : payload.archives()) {
            localizer.archive(archive);
        }
        for (String jar : payload.jars()) {
            localizer.jar(jar);
        }
        for (String pyFile : payload.pyFiles()) {
            localizer.pyFile(pyFile);
        }
        ContainerSizes sizes = request.sizes().executors();
        return new RecordBody()
                .with("application", context.getApplicationId().toString())
                .with("name", request.name())
                .with("user", UserGroupInformation.getCurrentUser().getShortUserName())
                .with("queue", request.queue())
                .with("staging", staging.path().toString())
                .with("waits", request.waits())
                .with("script", payload.script().replaceAll(".*/", ""))
                .with("scriptResource", script)
                .with("arguments", payload.arguments())
                .with("links", localizer.links())
                .with("modules", localizer.modules())
                .with("pythonPath", localizer.pythonPath())
                .with("settings", settings.explicit())
                .with("program", request.keys().program())
                .with("pyspark", request.pyspark())
                .with("resources", localizer.lines())
                .with("hosts", hosts())
                .with("executors", (long) sizes.containers())
                .with("cores", (long) sizes.cores())
                .with("executorMegabytes", (long) sizes.executorMegabytes())
                .with("containerMegabytes", (long) sizes.megabytes())
                .with("driverMegabytes", (long) request.sizes().driverMegabytes());
    }

    /** Hosts of the cluster's running nodes, so that the first containers can be asked for one on each. */
    private List<String> hosts() throws IOException, YarnException {
        List<String> hosts = new ArrayList<>();
        for (NodeReport node : cluster.yarn().getNodeReports(NodeState.RUNNING)) {
            hosts.add(node.getNodeId().getHost());
        }
        return hosts;
    }

    private ByteBuffer credentials(String application, FileSystem files) throws IOException {
        UserGroupInformation user = UserGroupInformation.getCurrentUser();
        Credentials credentials = ApplicationSecret.random(application).credentials(user.getShortUserName());
        if (UserGroupInformation.isSecurityEnabled()) {
            files.addDelegationTokens(cluster.conf().get(YarnConfiguration.RM_PRINCIPAL), credentials);
        }
        DataOutputBuffer buffer = new DataOutputBuffer();
        credentials.writeTokenStorageToStream(buffer);
        return ByteBuffer.wrap(buffer.getData(), 0, buffer.getLength());
    }

    /** In the user's words why YARN refuses, and which queues there are. */
    private String refusal(YarnException e) {
        String reason = firstLine(e);
        Matcher queue = UNKNOWN_QUEUE.matcher(reason);
        String text = queue.find()
                ? "Queue '" + queue.group(1) + "' does not exist."
                : "YARN refused the application: " + reason + ".";
        try {
            String queues = cluster.yarn().getAllQueues().stream()
                    .filter(one -> one.getChildQueues().isEmpty())
                    .map(QueueInfo::getQueueName)
                    .sorted()
                    .collect(Collectors.joining(", "));
            return text + " Queues of this cluster: " + queues + ".";
        } catch (IOException | YarnException silent) {
            return text;
        }
    }

    private static String firstLine(Exception error) {
        String message = error.getMessage() == null ? error.toString() : error.getMessage();
        return message.lines().findFirst().orElse(message);
    }
}
