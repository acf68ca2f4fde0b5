package io.weft.master.app;

import io.weft.master.config.AppSettings;
import io.weft.master.config.Definitions;
import io.weft.master.config.HadoopConf;
import io.weft.master.config.Master;
import io.weft.master.config.Settings;
import io.weft.master.config.SettingsException;
import io.weft.master.config.SettingsLoader;
import io.weft.master.gateway.StartLine;
import io.weft.runner.container.Logging;
import io.weft.runner.shuffle.BlockStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** One application of a local mode, from its start line to its end. Made by the main thread, closed by it or by the shutdown hook. */
final class LocalSession implements AutoCloseable {
    private static final long BLOCK_MEMORY_BYTES = 16L << 20;

    private final LocalFolders folders;
    private final Application application;
    private final Doors doors;
    private final Map<String, Object> answer;
    private boolean closed;

    private LocalSession(LocalFolders folders, Application application, Doors doors, Map<String, Object> answer) {
        this.folders = folders;
        this.application = application;
        this.doors = doors;
        this.answer = answer;
    }

    /** Starts everything; {@code onStop} is called when the driver asks for the end. */
    static LocalSession start(StartLine line, Runnable onStop) throws StartException, IOException {
        long startMillis = System.currentTimeMillis();
        Settings set = settings(line);
        Master master = master(line, set);
        if (master instanceof Master.LocalCluster) {
            Logging.configure(); // its server logs before the warm-up has come so far
        }
        AppSettings settings = LocalBackends.adapt(AppSettings.of(set), master);
        LocalFolders folders = LocalFolders.create(settings.localFolders());
        try {
            String id = "local_" + startMillis + "_" + ProcessHandle.current().pid();
            Map<String, String> hadoopSettings = new LinkedHashMap<>(settings.hadoop());
            hadoopSettings.putAll(line.hadoop());
            HadoopConf hadoop = new HadoopConf(hadoopSettings);
            BlockStore blocks = new BlockStore(folders.folder("blocks"), BLOCK_MEMORY_BYTES);
            LocalBackends.Made made =
                    LocalBackends.make(new LocalBackends.Place(id, line, settings, folders), master, blocks, hadoop);
            Application.Spec spec = new Application.Spec(
                    id,
                    settings.withSlots(made.slots()),
                    python(line),
                    folders.main(),
                    folders.data().get(0),
                    LocalBackends.allocation(settings, master),
                    true);
            Application application = new Application(spec, hadoop, blocks, made.backend(), onStop);
            Warmup.start(application, folders);
            application.start();
            Doors doors = Doors.open(application, made.results(), line.token(), folders.main());
            Map<String, Object> info = info(line, masterText(line, set), startMillis, settings, made.cores());
            info.put("files", application.filesFolder().toString());
            info.put("broadcasts", application.broadcastFolder().toString());
            return new LocalSession(folders, application, doors, answer(id, info, doors, made.sealKey()));
        } catch (SettingsException problem) {
            folders.remove();
            throw new StartException("E17", 2, problem.getMessage(), problem);
        } catch (IOException | RuntimeException failed) {
            folders.remove();
            throw failed;
        }
    }

    private static Settings settings(StartLine line) throws StartException {
        String folder = System.getenv("WEFT_CONF_DIR");
        try {
            SettingsLoader loader = new SettingsLoader(Definitions.load())
                    .folder(folder == null ? line.home().resolve("conf") : Path.of(folder))
                    .program(line.settings());
            Settings settings = loader.load();
            loader.warnings().forEach(System.err::println);
            return settings;
        } catch (SettingsException problems) {
            throw new StartException("E17", 2, problems.getMessage(), problems);
        }
    }

    private static Master master(StartLine line, Settings settings) throws StartException {
        String text = masterText(line, settings);
        Master master;
        try {
            master = Master.parse(text, Runtime.getRuntime().availableProcessors());
        } catch (SettingsException problem) {
            throw new StartException("E18", 2, problem.getMessage(), problem);
        }
        if (master instanceof Master.Yarn) {
            throw new StartException(
                    "E18",
                    2,
                    "yarn: a script started here runs on local[N] or local-cluster[C,S,MB]; on YARN it runs in cluster"
                            + " mode.\n"
                            + "Submit it: bin/weft submit --master yarn --deploy-mode"
                            + " cluster " + line.script(),
                    null);
        }
        return master;
    }

    private static DriverPython python(StartLine line) {
        StartLine.Python python = line.python();
        return new DriverPython(
                new Interpreter(python.implementation(), python.version(), python.hashAlgorithm()),
                python.executable());
    }

    private static String masterText(StartLine line, Settings settings) {
        return line.master().isEmpty() ? settings.string("weft.master") : line.master();
    }

    private static Map<String, Object> info(
            StartLine line, String master, long startMillis, AppSettings settings, int cores) {
        int parallelism = settings.parallelism().orElse(cores);
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("master", master);
        info.put("name", line.name());
        info.put("parallelism", parallelism);
        info.put("shufflePartitions", settings.parallelism().orElse(0));
        info.put("minPartitions", Math.min(2, parallelism));
        info.put("startMillis", startMillis);
        info.put("user", System.getProperty("user.name"));
        info.put("webUrl", null);
        return info;
    }

    private static Map<String, Object> answer(String id, Map<String, Object> info, Doors doors, String sealKey) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("port", doors.port());
        answer.put("socket", doors.socket().toString());
        answer.put("application", id);
        answer.put("info", info);
        if (!sealKey.isEmpty()) {
            answer.put("seal", sealKey);
        }
        return answer;
    }

    Map<String, Object> answer() {
        return answer;
    }

    /** Stops every job and child, and removes the folders. Whoever comes second waits for the first. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        doors.close();
        application.end("the context was stopped");
        folders.remove();
    }
}
