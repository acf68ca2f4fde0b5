package io.weft.master.backend.local;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.weft.runner.rpc.ApplicationSecret;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.Credentials;

/**
 * One child JVM of a local cluster, in a working directory of its own: the container's main, with the application record and the
 * credentials file that a YARN container would find. It ends when its standard input does. Callers hold the backend's lock.
 */
public final class ChildRunner {
    /**
     * What all children have in common.
     *
     * @param folder of the socket side, short: working directories are made in it
     * @param disks folders for shuffle and spill files
     * @param containerBytes memory of one child with all its workers
     * @param slots of one child
     */
    public record Plan(
            String application,
            Path folder,
            List<Path> disks,
            String python,
            List<String> pythonPath,
            Map<String, String> settings,
            Size size) {
        /** See {@link Plan}. */
        public record Size(int slots, long containerBytes) {}

        /** Writes what lets a child speak for the application; gives the file, of mode 0600. */
        Path writeCredentials(ApplicationSecret secret, Configuration conf) throws IOException {
            Credentials credentials = secret.credentials(System.getProperty("user.name"));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            credentials.writeTokenStorageToStream(new DataOutputStream(bytes));
            Path file = folder.resolve("credentials");
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            return Files.write(file, bytes.toByteArray());
        }
    }

    /** Where a child finds the ApplicationMaster: {@code host:port} of its RPC and block servers, and the credentials. */
    record Ends(String master, String blocks, Path credentials) {}

    private static final String MAIN = "io.weft.runner.container.RunnerMain";
    private static final int RECORD_FORMAT = 1;
    private static final long LAST_WORDS_BYTES = 2_000;
    private static final long LARGEST_HEAP_BYTES = 256L << 20;
    private static final long SMALLEST_HEAP_BYTES = 64L << 20;

    private final String runner;
    private final int position;
    private final Process process;
    private final Path work;
    private final List<Path> locals;
    private boolean ready;

    private ChildRunner(String runner, int position, Process process, Path work, List<Path> locals) {
        this.runner = runner;
        this.position = position;
        this.process = process;
        this.work = work;
        this.locals = locals;
    }

    /** {@code position}: gives the child its loopback address. */
    static ChildRunner start(Plan plan, Ends ends, String runner, int position) throws IOException {
        Path work = Files.createDirectory(plan.folder().resolve(runner));
        List<Path> locals = new ArrayList<>();
        for (Path disk : plan.disks()) {
            locals.add(Files.createDirectories(disk.resolve("local-" + runner)));
        }
        writeRecord(plan, work.resolve("weft-application.json"));
        ProcessBuilder builder = new ProcessBuilder(command(plan, ends, runner, host(position)));
        builder.directory(work.toFile());
        builder.environment()
                .put("HADOOP_TOKEN_FILE_LOCATION", ends.credentials().toString());
        builder.environment()
                .put(
                        "LOCAL_DIRS",
                        String.join(",", locals.stream().map(Path::toString).toList()));
        File log = work.resolve("log").toFile();
        builder.redirectErrorStream(true).redirectOutput(log);
        return new ChildRunner(runner, position, builder.start(), work, locals);
    }

    /** An address of its own where the machine has them (Linux: all of 127/8), else the common one. */
    private static String host(int position) {
        String own = "127.0." + position / 250 + "." + (2 + position % 250);
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByName(own))) {
            return probe.isBound() ? own : "127.0.0.1";
        } catch (IOException notHere) {
            return "127.0.0.1";
        }
    }

    private static List<String> command(Plan plan, Ends ends, String runner, String host) {
        long heap = Math.min(
                LARGEST_HEAP_BYTES, Math.max(SMALLEST_HEAP_BYTES, plan.size().containerBytes() / 4));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag :
                java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!flag.startsWith("-Xmx") && !flag.startsWith("-XX:ArchiveClassesAtExit")) {
                command.add(flag);
            }
        }
        command.add("-Xmx" + (heap >> 20) + "m");
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
        command.addAll(List.of("--runner", runner, "--host", host));
        command.addAll(List.of("--slots", Integer.toString(plan.size().slots())));
        command.addAll(List.of("--master", ends.master(), "--blocks", ends.blocks()));
        command.addAll(List.of("--megabytes", Long.toString(plan.size().containerBytes() >> 20)));
        command.addAll(List.of("--local", "true"));
        return command;
    }

    private static void writeRecord(Plan plan, Path file) throws IOException {
        try (JsonGenerator json =
                new JsonFactory().createGenerator(Files.newBufferedWriter(file, StandardCharsets.UTF_8))) {
            json.writeStartObject();
            json.writeNumberField("format", RECORD_FORMAT);
            json.writeStringField("application", plan.application());
            json.writeStringField("user", System.getProperty("user.name"));
            json.writeObjectFieldStart("settings");
            json.writeStringField("weft.python", plan.python());
            for (Map.Entry<String, String> setting : plan.settings().entrySet()) {
                json.writeStringField(setting.getKey(), setting.getValue());
            }
            json.writeEndObject();
            json.writeArrayFieldStart("frameworkPath");
            for (String folder : plan.pythonPath()) {
                json.writeString(folder);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    String runner() {
        return runner;
    }

    int position() {
        return position;
    }

    long pid() {
        return process.pid();
    }

    boolean isReady() {
        return ready;
    }

    void ready() {
        ready = true;
    }

    /** {@code status}: exit code, 128 more than the signal that ended it; called once, on a thread of its own. */
    void onExit(IntConsumer status) {
        Thread thread = new Thread(
                () -> {
                    try {
                        status.accept(process.waitFor());
                    } catch (InterruptedException stopping) {
                        Thread.currentThread().interrupt();
                    }
                },
                "weft-child-" + runner);
        thread.setDaemon(true);
        thread.start();
    }

    /** What it wrote last, on a line of its own, or "". */
    String lastWords() {
        try (RandomAccessFile log = new RandomAccessFile(work.resolve("log").toFile(), "r")) {
            log.seek(Math.max(0, log.length() - LAST_WORDS_BYTES));
            byte[] bytes = new byte[(int) (log.length() - log.getFilePointer())];
            log.readFully(bytes);
            String text = new String(bytes, StandardCharsets.UTF_8).strip();
            return text.isEmpty() ? "" : "\n" + text;
        } catch (IOException unreadable) {
            return "";
        }
    }

    void endInput() {
        try {
            process.getOutputStream().close();
        } catch (IOException gone) {
            // it has ended already
        }
    }

    void kill() {
        process.destroyForcibly();
    }

    /** Waits for its end, and kills it when that does not come in time. */
    void awaitExit(long timeoutMillis) {
        try {
            if (!process.waitFor(Math.max(1, timeoutMillis), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                process.waitFor(1, TimeUnit.SECONDS);
            }
        } catch (InterruptedException stopping) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** Removes what it left on the disks; its working directory stays for its log. */
    void clean() {
        locals.forEach(TempFolder::remove);
    }
}
