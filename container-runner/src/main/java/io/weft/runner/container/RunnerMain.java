package io.weft.runner.container;

import io.weft.runner.input.FileSystemSettings;
import io.weft.runner.protocol.Link;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.rpc.ApplicationSecret;
import io.weft.runner.rpc.RpcClient;
import io.weft.runner.shuffle.BlockClient;
import io.weft.runner.shuffle.ShuffleReader;
import io.weft.runner.task.MasterBlocks;
import io.weft.runner.worker.WorkerSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.Credentials;
import org.apache.hadoop.security.UserGroupInformation;

/**
 * Main of a runner's own process: a YARN container, or a child of a local cluster. Registers with the ApplicationMaster, runs
 * what it sends, and ends when it says so, when it is gone, or (local cluster) when standard input ends.
 */
public final class RunnerMain {
    private static final long GIVE_UP_MILLIS = 30_000;
    private static final long FLUSH_MILLIS = 2_000;
    private static final int CONNECT_MILLIS = 10_000;
    private static final int READ_MILLIS = 60_000;
    private static final String SHUFFLE_PORT_VARIABLE = "NM_AUX_SERVICE_mapreduce_shuffle";

    private RunnerMain() {}

    public static void main(String[] given) throws Exception {
        Logging.hold();
        Logging.configure();
        RunnerArguments arguments = RunnerArguments.parse(given);
        ApplicationRecord record = ApplicationRecord.read(Path.of(ApplicationRecord.NAME));
        record.actAsUser();
        Configuration hadoop = new Configuration();
        record.hadoop().forEach((name, value) -> hadoop.set(name, value, "the program"));
        FileSystemSettings.improve(hadoop);
        UserGroupInformation.setConfiguration(hadoop);
        Credentials credentials = UserGroupInformation.getCurrentUser().getCredentials();
        ApplicationSecret secret = ApplicationSecret.from(record.text("application"), credentials);
        LinkedBlockingQueue<String> ends = new LinkedBlockingQueue<>();
        if (arguments.local()) {
            watchInput(ends);
        }
        try (RpcClient client = new RpcClient(hadoop, arguments.master(), credentials, record.text("user"))) {
            run(arguments, record, new Ends(hadoop, secret, client, ends));
        } catch (IOException failed) {
            System.err.println("weft-runner " + arguments.runner() + " cannot start: " + failed.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }

    /** What the runner's process is connected to; {@code ends} takes the reason to end. */
    private record Ends(
            Configuration hadoop, ApplicationSecret secret, RpcClient client, LinkedBlockingQueue<String> ends) {}

    private static void run(RunnerArguments arguments, ApplicationRecord record, Ends ends)
            throws IOException, InterruptedException {
        int shufflePort =
                arguments.shuffleService() ? RunnerArguments.servicePort(System.getenv(SHUFFLE_PORT_VARIABLE)) : 0;
        BlockClient blocks = new BlockClient(ends.secret().bytes(), CONNECT_MILLIS, READ_MILLIS);
        RunnerConfig config = config(arguments, record, ends, new Blocks(blocks, shufflePort));
        CompletableFuture<MasterLink> linked = new CompletableFuture<>();
        try (Runner runner = new Runner(config, event -> report(linked, event));
                MasterLink link = new MasterLink(
                        ends.client(), arguments.runner(), runner::handle, ends.ends()::add, GIVE_UP_MILLIS)) {
            Runtime.getRuntime().addShutdownHook(new Thread(runner::close, "weft-terminated"));
            link.start(new Link.Register(
                    arguments.runner(),
                    arguments.host(),
                    (int) ProcessHandle.current().pid(),
                    arguments.slots(),
                    runner.blockPort(),
                    shufflePort));
            linked.complete(link);
            runner.ended().thenAccept(ends.ends()::add);
            System.err.println("weft-runner " + arguments.runner() + " ends: "
                    + ends.ends().take());
            link.flush(FLUSH_MILLIS);
        } finally {
            blocks.close();
        }
    }

    /** Events of workers that registered before the link stood wait for it. */
    private static void report(CompletableFuture<MasterLink> linked, RunnerEvent event) {
        linked.join().send(event);
    }

    private record Blocks(BlockClient client, int shufflePort) {}

    private static RunnerConfig config(RunnerArguments arguments, ApplicationRecord record, Ends ends, Blocks blocks)
            throws IOException {
        WorkingDirectory folder = WorkingDirectory.prepare(Path.of(""), record);
        WorkerSettings workers = new WorkerSettings(
                record.text("application"),
                arguments.slots(),
                folder.socketFolder(),
                folder.python(),
                folder.pythonPath(),
                folder.environment(),
                !record.map("settings")
                        .getOrDefault("weft.python.worker.reuse", "true")
                        .equals("false"));
        return new RunnerConfig(
                arguments.runner(),
                arguments.host(),
                workers,
                folder.locals(),
                new RunnerConfig.Limits(
                        arguments.megabytes() << 20,
                        RunnerConfig.Limits.DEFAULT_RESULT_MEMORY_BYTES,
                        arguments.local(),
                        !arguments.local()),
                new RunnerConfig.Connections(
                        ends.secret().bytes(),
                        MasterBlocks.remote(
                                blocks.client(),
                                arguments.blocks().getHostString(),
                                arguments.blocks().getPort()),
                        true,
                        blocks.shufflePort(),
                        shuffleService(record, ends),
                        record.map("settings")
                                        .getOrDefault("weft.io.encryption", "false")
                                        .equals("true")
                                ? ends.secret().sealKey()
                                : "",
                        ends::hadoop));
    }

    private static Optional<ShuffleReader.Service> shuffleService(ApplicationRecord record, Ends ends) {
        String application = record.text("application");
        if (!application.startsWith("application_")) {
            return Optional.empty();
        }
        return Optional.of(new ShuffleReader.Service(
                "job_" + application.substring("application_".length()),
                ends.secret().bytes(),
                ends.hadoop().get("hadoop.security.secret-manager.key-generator.algorithm", "HmacSHA1")));
    }

    private static void watchInput(LinkedBlockingQueue<String> ends) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            // nothing is said here; only the end matters
                        }
                    } catch (IOException broken) {
                        // as good as the end
                    }
                    ends.add("the process that started it has ended");
                },
                "weft-stdin");
        thread.setDaemon(true);
        thread.start();
    }
}
