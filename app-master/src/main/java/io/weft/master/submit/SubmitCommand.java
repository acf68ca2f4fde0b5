package io.weft.master.submit;

import io.weft.master.config.ContainerSizes;
import io.weft.master.config.SettingsException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
    private static final String PYSPARK_PYTHON = "PYSPARK_PYTHON";
    private static final String DRIVER_PYTHON = "PYSPARK_DRIVER_PYTHON";
    private static final Pattern PYTHON_NAME = Pattern.compile("(.*/)?(python|pypy)[^/]*");

    /** Tells workers that their functions may import PySpark's names. */
    private static final String PYSPARK_SETTING = "weft.env.WEFT_PYSPARK";

    @Option(names = "--master", description = "yarn")
    String master;

    @Option(names = "--deploy-mode", description = "cluster: the script runs in the ApplicationMaster")
    String deployMode;

    @Option(names = "--name", description = "the application's name; default: the script's")
    String name;

    @Option(names = "--queue", description = "YARN queue")
    String queue;

    @Option(names = "--num-executors", description = "containers (default 2)")
    String executors;

    @Option(names = "--executor-cores", description = "processors of each, one for each task at a time (default 1)")
    String cores;

    @Option(names = "--executor-memory", description = "memory of each (default 1g)")
    String executorMemory;

    @Option(
            names = "--driver-memory",
            description = "memory of the ApplicationMaster and the script together (default 1g)")
    String driverMemory;

    @Option(names = "--py-files", split = ",", description = ".py, .zip, .egg, .whl for PYTHONPATH")
    List<String> pyFiles = new ArrayList<>();

    @Option(names = "--jars", split = ",", description = "jars with Java classes that the script names")
    List<String> jars = new ArrayList<>();

    @Option(names = "--files", split = ",", description = "files for the working directories, path#alias")
    List<String> files = new ArrayList<>();

    @Option(names = "--archives", split = ",", description = "archives to unpack there, path#alias")
    List<String> archives = new ArrayList<>();

    @Option(
            names = {"--conf", "-c"},
            description = "KEY=VALUE: a weft.* setting, or one of Spark's (docs/spark-keys.md)")
    List<String> conf = new ArrayList<>();

    @Option(names = "-D", description = "KEY=VALUE for Hadoop's configuration")
    List<String> hadoop = new ArrayList<>();

    @Option(names = "--pyspark", description = "the script is a PySpark program")
    boolean pyspark;

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
        try (ClusterAccess cluster = ClusterAccess.open(request.keys().hadoop())) {
            return new Submitter(cluster, request, System.out, System.err).run();
        }
    }

    private Request request() throws SubmitException {
        SparkKeys keys = SparkKeys.load();
        for (String text : conf) {
            String[] parts = pair(text, "--conf");
            keys.put(parts[0], parts[1]);
        }
        checkPlace(keys);
        Map<String, String> hadoopKeys = new LinkedHashMap<>(keys.hadoop());
        for (String text : hadoop) {
            String[] parts = pair(text, "-D");
            hadoopKeys.put(parts[0], parts[1]);
        }
        Map<String, String> settings = new LinkedHashMap<>(keys.weft());
        python(keys).ifPresent(python -> settings.putIfAbsent("weft.python", python));
        if (pyspark) {
            settings.put(PYSPARK_SETTING, "1");
        }
        putSizes(settings);
        String shown = name == null ? keys.kept().getOrDefault("spark.app.name", script.replaceAll(".*/", "")) : name;
        return new Request(
                shown,
                keys.option("--queue", queue, "default"),
                sizes(settings, keys),
                new Request.Payload(
                        script,
                        arguments,
                        keys.list("--py-files", pyFiles),
                        allJars(keys),
                        keys.list("--files", files),
                        keys.list("--archives", archives)),
                new Request.Keys(settings, hadoopKeys, keys.kept()),
                pyspark,
                !noWait);
    }

    /** Those of the option, and those of the setting, by whichever name. */
    private List<String> allJars(SparkKeys keys) {
        List<String> all = new ArrayList<>(jars);
        for (String one : keys.weft().getOrDefault("weft.jars", "").split(",")) {
            if (!one.isBlank()) {
                all.add(one.strip());
            }
        }
        return all;
    }

    private void checkPlace(SparkKeys keys) throws SubmitException {
        String where = master != null ? master : keys.weft().getOrDefault("weft.master", "yarn");
        if (!where.equals("yarn")) {
            throw usage(
                    "E18",
                    "--master " + where + ": submit runs on yarn; for local masters use: weft run --master " + where
                            + " " + script);
        }
        String mode = keys.option("--deploy-mode", deployMode, "cluster");
        if (!mode.equals("cluster")) {
            throw usage("E18", "--deploy-mode " + mode + " is not in Weft yet; use --deploy-mode cluster");
        }
    }

    /**
     * The interpreter that PySpark's variables name: for containers, or with {@code --pyspark} in this shell. Script and workers have
     * one, so that the script's counts where no other is named; it may be a shell such as jupyter, which does not.
     */
    private Optional<String> python(SparkKeys keys) {
        return Stream.of(
                        keys.kept().get("spark.yarn.appMasterEnv." + PYSPARK_PYTHON),
                        keys.kept().get("spark.executorEnv." + PYSPARK_PYTHON),
                        pyspark ? System.getenv(PYSPARK_PYTHON) : null,
                        keys.kept().get("spark.pyspark.driver.python"),
                        keys.kept().get("spark.yarn.appMasterEnv." + DRIVER_PYTHON),
                        pyspark ? System.getenv(DRIVER_PYTHON) : null)
                .filter(python -> python != null && PYTHON_NAME.matcher(python).matches())
                .findFirst();
    }

    private Request.Sizes sizes(Map<String, String> settings, SparkKeys keys) throws SubmitException {
        String driver = keys.option("--driver-memory", driverMemory, "1g");
        try {
            return new Request.Sizes(
                    ContainerSizes.of(settings, Request.Sizes::option),
                    ContainerSizes.megabytes("--driver-memory", driver));
        } catch (SettingsException problem) {
            throw usage("E17", problem.getMessage());
        }
    }

    /** Options win over the settings that say the same. */
    private void putSizes(Map<String, String> settings) {
        Map<String, String> given = new LinkedHashMap<>();
        given.put(ContainerSizes.CONTAINERS, executors);
        given.put(ContainerSizes.CORES, cores);
        given.put(ContainerSizes.MEMORY, executorMemory);
        given.forEach((name, value) -> {
            if (value != null) {
                settings.put(name, value);
            }
        });
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
