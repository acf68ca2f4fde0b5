package io.weft.runner.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.protocol.ProtocolException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * One fork server process: commands in, what became of its children out. Two threads read its standard output and standard
 * error; {@link Listener} is called by the first of them. It lives until it is closed, ends or is killed.
 */
final class ForkServer implements AutoCloseable {
    private static final int TAIL_LINES = 40;
    private static final int MAX_LINE_CHARACTERS = 8 * 1024;

    interface Listener {
        void forked(ForkServer server, int pid, int slot);

        /** {@code status}: exit code, or minus the number of the signal. */
        void died(ForkServer server, int pid, int slot, int status);

        /** Called once, last; {@code reason}: how it ended and what it said last. */
        void ended(ForkServer server, String reason);
    }

    private final Process process;

    /** What it says before is about its start; that is told once, by whoever misses it. */
    private volatile boolean ready;

    private final OutputStream commands;
    private final Listener listener;

    /** Last lines of standard error; its own lock. */
    private final Deque<String> tail = new ArrayDeque<>();

    private ForkServer(Process process, Listener listener) {
        this.process = process;
        this.commands = process.getOutputStream();
        this.listener = listener;
    }

    /** Starts a process that will have its children connect to {@code socket}; all below it have {@code mark} in their environment. */
    static ForkServer start(WorkerSettings settings, String socket, String mark, Listener listener) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(settings.python(), "-m", "weft._worker.forkserver", socket);
        prepareEnvironment(builder.environment(), settings);
        builder.environment().put(Leftovers.POOL, mark);
        builder.environment().put(Leftovers.SERVER, UUID.randomUUID().toString());
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new WorkerUnavailableException("Python could not be started: " + e.getMessage()
                    + "; set WEFT_PYTHON to the interpreter that workers shall run");
        }
        ForkServer server = new ForkServer(process, listener);
        Thread errors = daemon("weft-forkserver-stderr", server::readErrors);
        daemon("weft-forkserver", () -> server.readAnswers(errors));
        return server;
    }

    private static void prepareEnvironment(Map<String, String> environment, WorkerSettings settings) {
        environment.putAll(settings.environment());
        List<String> path = new ArrayList<>(settings.pythonPath());
        String inherited = environment.get("PYTHONPATH");
        if (inherited != null && !inherited.isEmpty()) {
            path.add(inherited);
        }
        if (!path.isEmpty()) {
            environment.put("PYTHONPATH", String.join(File.pathSeparator, path));
        }
        environment.put("PYTHONHASHSEED", "0");
        environment.put("PYTHONUNBUFFERED", "1");
        environment.putIfAbsent("OMP_NUM_THREADS", "1");
        // PyPy's own choice is half of the third-level cache: 240 MB in each worker on a large processor
        environment.putIfAbsent("PYPY_GC_NURSERY", "8M");
        environment.put("WEFT_APPLICATION", settings.application());
        environment.put("WEFT_ROLE", "weft-worker");
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void fork(int slot) {
        command("{\"fork\": " + slot + "}\n");
    }

    void kill(int pid) {
        command("{\"kill\": " + pid + "}\n");
    }

    /** Has a child asked to write to disk what it can. */
    void spill(int pid) {
        command("{\"spill\": " + pid + "}\n");
    }

    /** Ends the process, which kills its children first; kills it when that takes longer than 2 s. */
    @Override
    public void close() {
        try {
            commands.close();
        } catch (IOException e) {
            // it has ended already
        }
        try {
            if (process.waitFor(2, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }

    /** Kills the process at once. */
    void destroy() {
        process.destroyForcibly();
    }

    /** What it said last on standard error, one string. */
    String errorTail() {
        synchronized (tail) {
            return String.join("\n", tail);
        }
    }

    private synchronized void command(String line) {
        try {
            commands.write(line.getBytes(StandardCharsets.US_ASCII));
            commands.flush();
        } catch (IOException e) {
            // the process has ended: the reading thread tells the listener
        }
    }

    private void readAnswers(Thread errors) {
        String trouble = "";
        try (BufferedReader lines = reader(process.getInputStream())) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answer(line);
            }
        } catch (IOException | ProtocolException e) {
            trouble = ": " + e.getMessage();
            process.destroyForcibly();
        }
        String status = exitStatus();
        try {
            errors.join(1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        String said = errorTail();
        listener.ended(
                this,
                "the Python fork server (pid " + pid() + ") ended with " + status + trouble
                        + (said.isEmpty() ? "" : "\n" + said));
    }

    private String exitStatus() {
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                process.waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "an unknown status";
        }
        int code = process.exitValue();
        return code > 128 ? Signals.name(code - 128) : "exit code " + code;
    }

    private void answer(String line) {
        JsonNode json = Json.object(line.getBytes(StandardCharsets.UTF_8), "an answer of the fork server");
        if (json.has("forked")) {
            listener.forked(this, json.path("forked").asInt(), json.path("slot").asInt(-1));
        } else if (json.has("died")) {
            listener.died(
                    this,
                    json.path("died").asInt(),
                    json.path("slot").asInt(-1),
                    json.path("status").asInt());
        } else if (json.has("ready")) {
            ready = true;
        } else {
            throw new ProtocolException("the fork server answered " + line);
        }
    }

    private void readErrors() {
        try (BufferedReader lines = reader(process.getErrorStream())) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String shown = line.length() > MAX_LINE_CHARACTERS ? line.substring(0, MAX_LINE_CHARACTERS) : line;
                if (ready) {
                    System.err.println("[weft fork server] " + shown);
                }
                synchronized (tail) {
                    tail.add(shown);
                    if (tail.size() > TAIL_LINES) {
                        tail.remove();
                    }
                }
            }
        } catch (IOException e) {
            // the process is gone: nothing more to read
        }
    }

    private static BufferedReader reader(InputStream stream) {
        return new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
    }

    private static Thread daemon(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
