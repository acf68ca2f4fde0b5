package io.weft.master.app;

import io.weft.master.backend.yarn.AmResources;
import io.weft.master.backend.yarn.YarnBackend;
import io.weft.master.config.HadoopConf;
import io.weft.master.config.Settings;
import io.weft.master.config.SettingsException;
import io.weft.master.jobs.Json;
import io.weft.master.results.ResultSource;
import io.weft.master.submit.Staging;
import io.weft.runner.container.ApplicationRecord;
import io.weft.runner.container.WorkingDirectory;
import io.weft.runner.rpc.ApplicationSecret;
import io.weft.runner.shuffle.BlockClient;
import io.weft.runner.shuffle.BlockServer;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.shuffle.MapOutputFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.security.UserGroupInformation;

/** One application in YARN's cluster mode, inside its ApplicationMaster's container. Used by the main thread. */
final class YarnSession {
    private static final long BLOCK_MEMORY_BYTES = 16L << 20;
    private static final int CONNECT_MILLIS = 10_000;
    private static final int READ_MILLIS = 60_000;
    private static final long CLIENT_READS_MILLIS = 3_000;
    private static final long POLL_MILLIS = 50;

    /** What {@code weft run} does, without looking whether anything must be built. */
    private static final String RUN_SCRIPT = "import sys; from weft._run import main; sys.exit(main(sys.argv[1:]))";

    private final ApplicationRecord record;
    private final WorkingDirectory folder;
    private final HadoopConf hadoop;
    private final BlockStore blocks;
    private final BlockServer server;
    private final BlockClient client;
    private final String sealKey;
    private final YarnContainers containers;
    private final YarnBackend backend;
    private final Settings settings;
    private Application application;
    private volatile DriverProcess driver;

    private YarnSession(
            ApplicationRecord record,
            WorkingDirectory folder,
            Settings settings,
            HadoopConf hadoop,
            Bytes bytes,
            Asked asked) {
        this.record = record;
        this.folder = folder;
        this.settings = settings;
        this.hadoop = hadoop;
        this.blocks = bytes.blocks();
        this.server = bytes.server();
        this.client = bytes.client();
        this.sealKey = bytes.sealKey();
        this.containers = asked.containers();
        this.backend = asked.backend();
    }

    private record Asked(YarnContainers containers, YarnBackend backend) {}

    private record Bytes(BlockStore blocks, BlockServer server, BlockClient client, String sealKey) {}

    /** Opens the doors to runners; YARN is not spoken to yet. */
    static YarnSession open(ApplicationRecord record, WorkingDirectory folder) throws IOException, SettingsException {
        YarnContainers containers = YarnContainers.of(record);
        Settings settings = containers.settings();
        HadoopConf hadoop = new HadoopConf(settings.below("weft.hadoop."));
        UserGroupInformation.setConfiguration(hadoop.get());
        ApplicationSecret secret = ApplicationSecret.from(
                record.text("application"),
                UserGroupInformation.getCurrentUser().getCredentials());
        BlockStore blocks = new BlockStore(folder.folder().resolve("weft-blocks"), BLOCK_MEMORY_BYTES);
        BlockServer server = BlockServer.start("", secret.bytes(), new MapOutputFiles(List.of()), blocks);
        BlockClient client = new BlockClient(secret.bytes(), CONNECT_MILLIS, READ_MILLIS);
        String host = System.getenv().getOrDefault("NM_HOST", "localhost");
        String sealKey = settings.flag("weft.io.encryption") ? secret.sealKey() : "";
        YarnBackend backend = new YarnBackend(
                hadoop.get(),
                containers.plan(),
                new YarnBackend.Launch(
                        host,
                        server.port(),
                        record.text("user"),
                        AmResources.read(record, hadoop.get()),
                        secret,
                        settings.flag("weft.shuffle.service")));
        containers.askFrom(backend);
        Asked asked = new Asked(containers, backend);
        return new YarnSession(record, folder, settings, hadoop, new Bytes(blocks, server, client, sealKey), asked);
    }

    /** Starts the application and the script, and waits for the script's end. */
    DriverResult runDriver() throws IOException, InterruptedException, StartException {
        byte[] tokenBytes = new byte[32];
        new java.security.SecureRandom().nextBytes(tokenBytes);
        String token = HexFormat.of().formatHex(tokenBytes);
        DriverPython python = DriverPythons.ask(folder.python(), folder.pythonPath());
        Path data = folder.locals()
                .get(0)
                .resolve("weft-driver-" + ProcessHandle.current().pid());
        Containers.Fitted fitted = containers.fitted(settings);
        Application.Spec spec = new Application.Spec(
                record.text("application"),
                fitted.settings(),
                python,
                folder.folder(),
                data,
                fitted.allocation(),
                false);
        application = new Application(spec, hadoop, blocks, backend, () -> {});
        application.fitBy(containers);
        backend.tellProgress(application.history()::share);
        application.start();
        ResultSource results = ref -> client.fetchBlock(ref.host(), ref.blockPort(), ref.block());
        Doors doors = Doors.open(application, results, token, folder.socketFolder());
        Path gateway = writeGateway(token, doors, fitted.numbers());
        driver = DriverProcess.start(command(), environment(gateway), folder.folder());
        int exit = driver.await();
        return DriverResult.of(exit, driver.tail());
    }

    private List<String> command() {
        List<String> command = new ArrayList<>(List.of(folder.python(), "-u", "-c", RUN_SCRIPT));
        if (record.flag("pyspark")) {
            command.add("--pyspark");
        }
        command.add(record.text("script"));
        command.addAll(record.list("arguments"));
        return command;
    }

    private Map<String, String> environment(Path gateway) throws IOException {
        Path script = folder.folder().resolve(record.text("script"));
        if (!Files.exists(script)) {
            Files.createSymbolicLink(script, folder.folder().resolve(record.text("scriptResource")));
        }
        Map<String, String> environment = new LinkedHashMap<>(folder.environment());
        environment.put("WEFT_GATEWAY", gateway.toString());
        environment.put("WEFT_DRIVER_PIPE", "1");
        environment.putAll(settings.below("weft.driver.env."));
        Map<String, Object> conf = new LinkedHashMap<>(record.map("program"));
        conf.putAll(record.map("settings"));
        environment.put("WEFT_CONF", Json.text(conf));
        environment.put("PYTHONPATH", String.join(":", folder.pythonPath()));
        environment.put("PYTHONHASHSEED", "0");
        return environment;
    }

    /** The file that tells the script where the gateway is: the answer line of DATASOCKET.md and the token. */
    private Path writeGateway(String token, Doors doors, Map<String, Integer> numbers) throws IOException {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("master", "yarn");
        info.put("name", record.text("name"));
        info.putAll(numbers);
        info.put("minPartitions", 2);
        info.put("startMillis", System.currentTimeMillis());
        info.put("user", record.text("user"));
        info.put("webUrl", null);
        info.put("files", application.filesFolder().toString());
        info.put("broadcasts", application.broadcastFolder().toString());
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("port", doors.port());
        answer.put("socket", "/proc/" + ProcessHandle.current().pid() + "/cwd/" + doors.socket());
        answer.put("application", record.text("application"));
        answer.put("info", info);
        answer.put("token", token);
        if (!sealKey.isEmpty()) {
            answer.put("seal", sealKey);
        }
        Path file = folder.socketFolder().resolve("gateway.json").toAbsolutePath();
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, Json.text(answer).getBytes(StandardCharsets.UTF_8));
        return file;
    }

    void killDriver() {
        DriverProcess running = driver;
        if (running != null) {
            running.kill();
        }
    }

    /** Leaves the result for the client, says goodbye to YARN, then cleans up. */
    void finish(DriverResult result) throws IOException, InterruptedException {
        Staging staging = Staging.at(hadoop.get(), record.text("staging"));
        staging.write(DriverResult.NAME, result.bytes());
        backend.unregister(result.succeeded(), result.diagnostics());
        if (application != null) {
            application.end("the script has ended");
        }
        backend.close();
        server.close();
        client.close();
        long end = System.nanoTime() + CLIENT_READS_MILLIS * 1_000_000;
        while (record.flag("waits") && staging.exists() && System.nanoTime() < end) {
            Thread.sleep(POLL_MILLIS);
        }
        staging.remove();
    }
}
