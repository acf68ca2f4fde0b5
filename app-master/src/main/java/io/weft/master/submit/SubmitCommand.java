package io.weft.master.submit;

import io.weft.master.config.SettingType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
    private static final int MEGABYTE = 1 << 20;
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
        String shown = name == null ? keys.kept().getOrDefault("spark.app.name", script.replaceAll(".*/", "")) : name;
        return new Request(
                shown,
                keys.option("--queue", queue, "default"),
                sizes(keys),
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

    private Request.Sizes sizes(SparkKeys keys) throws SubmitException {
        int containers = count("--num-executors", keys.option("--num-executors", executors, atStart(keys)));
        int processors = count("--executor-cores", keys.option("--executor-cores", cores, "1"));
        int cpus = count("weft.task.cpus", keys.weft().getOrDefault("weft.task.cpus", "1"));
        if (cpus > processors) {
            throw usage(
                    "E17",
                    "weft.task.cpus is " + cpus + ", and each container has " + processors
                            + (processors == 1 ? " processor" : " processors")
                            + " (--executor-cores): no task could run there");
        }
        int memory = megabytes("--executor-memory", keys.option("--executor-memory", executorMemory, "1g"));
        String overhead = keys.weft().get("weft.executor.memoryOverhead");
        int overheadMegabytes = overhead == null
                ? Math.max(Request.Sizes.LEAST_OVERHEAD_MEGABYTES, memory / 10)
                : megabytes("weft.executor.memoryOverhead", overhead);
        return new Request.Sizes(
                containers,
                processors,
                memory,
                overheadMegabytes,
                megabytes("--driver-memory", keys.option("--driver-memory", driverMemory, "1g")));
    }

    /** Containers at the start, where nobody says how many: 2, or what their number must or shall be that follows the work. */
    private static String atStart(SparkKeys keys) {
        String prefix = "weft.dynamicAllocation.";
        if (!keys.weft().getOrDefault(prefix + "enabled", "false").equals("true")) {
            return "2";
        }
        int least = 1;
        for (String key : new String[] {prefix + "minExecutors", prefix + "initialExecutors"}) {
            String text = keys.weft().getOrDefault(key, "0");
            least = text.matches("\\d{1,6}") ? Math.max(least, Integer.parseInt(text)) : least;
        }
        return Integer.toString(least);
    }

    private static int count(String option, String text) throws SubmitException {
        if (!text.matches("0*[1-9]\\d{0,5}")) {
            throw usage("E17", option + " " + text + ": a number of at least 1 is needed");
        }
        return Integer.parseInt(text);
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
