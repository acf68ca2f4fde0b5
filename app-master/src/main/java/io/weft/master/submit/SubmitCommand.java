package io.weft.master.submit;

import io.weft.master.config.SettingType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code submit [options] app.py args}: the options are spark-submit's, by name. Everything after the script is the script's. */
@Command(
        name = "submit",
        description = "Run a Python script on the cluster and wait for its end.",
        mixinStandardHelpOptions = true,
        abbreviateSynopsis = true)
final class SubmitCommand implements Callable<Integer> {
    private static final int MEGABYTE = 1 << 20;

    @Option(names = "--master", defaultValue = "yarn", description = "yarn")
    String master;

    @Option(
            names = "--deploy-mode",
            defaultValue = "cluster",
            description = "cluster: the script runs in the ApplicationMaster")
    String deployMode;

    @Option(names = "--name", description = "the application's name; default: the script's")
    String name;

    @Option(names = "--queue", description = "YARN queue")
    String queue;

    @Option(names = "--num-executors", defaultValue = "2", description = "containers (default ${DEFAULT-VALUE})")
    int executors;

    @Option(names = "--executor-cores", defaultValue = "1", description = "slots of each (default ${DEFAULT-VALUE})")
    int cores;

    @Option(names = "--executor-memory", defaultValue = "1g", description = "memory of each (default ${DEFAULT-VALUE})")
    String executorMemory;

    @Option(
            names = "--driver-memory",
            defaultValue = "1g",
            description = "memory of the ApplicationMaster and the script together (default ${DEFAULT-VALUE})")
    String driverMemory;

    @Option(names = "--py-files", split = ",", description = ".py, .zip, .egg, .whl for PYTHONPATH")
    List<String> pyFiles = new ArrayList<>();

    @Option(names = "--files", split = ",", description = "files for the working directories, path#alias")
    List<String> files = new ArrayList<>();

    @Option(names = "--archives", split = ",", description = "archives to unpack there, path#alias")
    List<String> archives = new ArrayList<>();

    @Option(
            names = {"--conf", "-c"},
            description = "KEY=VALUE: a weft.* setting, or spark.hadoop.KEY for Hadoop's")
    List<String> conf = new ArrayList<>();

    @Option(names = "-D", description = "KEY=VALUE for Hadoop's configuration")
    List<String> hadoop = new ArrayList<>();

    @Option(names = "--no-wait", description = "print the application's id and leave")
    boolean noWait;

    @Option(
            names = {"--verbose", "-v"},
            description = "stacks of Weft's own on errors")
    boolean verbose;

    @Parameters(index = "0", paramLabel = "SCRIPT", description = "the Python script")
    String script;

    @Parameters(index = "1..*", paramLabel = "ARG", description = "its arguments, as they are")
    List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        Request request = request();
        try (ClusterAccess cluster = ClusterAccess.open(request.hadoop())) {
            return new Submitter(cluster, request, System.out, System.err).run();
        }
    }

    private Request request() throws SubmitException {
        if (!master.equals("yarn")) {
            throw usage(
                    "E18",
                    "--master " + master + ": submit runs on yarn; for local masters use: weft run --master " + master
                            + " " + script);
        }
        if (!deployMode.equals("cluster")) {
            throw usage("E18", "--deploy-mode " + deployMode + " is not in Weft yet; use --deploy-mode cluster");
        }
        Map<String, String> settings = new LinkedHashMap<>();
        Map<String, String> hadoopKeys = new LinkedHashMap<>();
        for (String pair : conf) {
            String[] parts = pair(pair, "--conf");
            if (parts[0].startsWith("spark.hadoop.")) {
                hadoopKeys.put(parts[0].substring("spark.hadoop.".length()), parts[1]);
            } else {
                settings.put(parts[0], parts[1]);
            }
        }
        for (String pair : hadoop) {
            String[] parts = pair(pair, "-D");
            hadoopKeys.put(parts[0], parts[1]);
        }
        Request.Payload payload = new Request.Payload(script, arguments, pyFiles, files, archives);
        String shown = name == null ? script.replaceAll(".*/", "") : name;
        return new Request(
                shown, queue == null ? "default" : queue, sizes(settings), payload, settings, hadoopKeys, !noWait);
    }

    private Request.Sizes sizes(Map<String, String> settings) throws SubmitException {
        if (executors < 1 || cores < 1) {
            throw usage(
                    "E17", "--num-executors " + executors + " --executor-cores " + cores + ": both must be at least 1");
        }
        int memory = megabytes("--executor-memory", executorMemory);
        String overhead = settings.get("weft.executor.memoryOverhead");
        int overheadMegabytes = overhead == null
                ? Math.max(Request.Sizes.LEAST_OVERHEAD_MEGABYTES, memory / 10)
                : megabytes("weft.executor.memoryOverhead", overhead);
        return new Request.Sizes(
                executors, cores, memory, overheadMegabytes, megabytes("--driver-memory", driverMemory));
    }

    private static int megabytes(String option, String text) throws SubmitException {
        OptionalLong bytes = SettingType.bytes(text.matches("\\d+") ? text + "m" : text);
        long megabytes = bytes.orElse(0) / MEGABYTE;
        if (megabytes < 1 || megabytes > Integer.MAX_VALUE) {
            throw usage("E17", option + " " + text + ": a size such as 512m or 4g is needed");
        }
        return (int) megabytes;
    }

    private static String[] pair(String text, String option) throws SubmitException {
        String[] parts = text.split("=", 2);
        if (parts.length != 2 || parts[0].isBlank()) {
            throw usage("E17", option + " " + text + ": KEY=VALUE is needed");
        }
        return parts;
    }

    private static SubmitException usage(String code, String message) {
        return new SubmitException(code, 2, message);
    }
}
