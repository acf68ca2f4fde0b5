package io.weft.master.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The user's script as a child of the ApplicationMaster. What it prints goes on as it comes, and the last lines of its standard
 * error are kept. Its standard input is a pipe whose end tells it that the ApplicationMaster is gone.
 */
final class DriverProcess {
    private static final int KEPT_LINES = 60;
    private static final int LONGEST_LINE = 2_000;
    private static final long PUMP_END_MILLIS = 2_000;

    private final Process process;
    private final List<Thread> pumps = new ArrayList<>();

    /** The last lines of standard error. Guarded by itself. */
    private final Deque<String> tail = new ArrayDeque<>();

    private DriverProcess(Process process) {
        this.process = process;
    }

    static DriverProcess start(List<String> command, Map<String, String> environment, Path folder) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().putAll(environment);
        DriverProcess driver = new DriverProcess(builder.start());
        driver.pump(driver.process.getInputStream(), System.out, false);
        driver.pump(driver.process.getErrorStream(), System.err, true);
        return driver;
    }

    /** Waits for its end: the exit code, 128 + n when it died by signal n. */
    int await() throws InterruptedException {
        int code = process.waitFor();
        for (Thread pump : pumps) {
            pump.join(PUMP_END_MILLIS);
        }
        return code;
    }

    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(1, TimeUnit.SECONDS);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    List<String> tail() {
        synchronized (tail) {
            return new ArrayList<>(tail);
        }
    }

    private void pump(InputStream from, PrintStream to, boolean keep) {
        Thread thread = new Thread(() -> copy(from, to, keep), keep ? "weft-driver-err" : "weft-driver-out");
        thread.setDaemon(true);
        thread.start();
        pumps.add(thread);
    }

    private void copy(InputStream from, OutputStream to, boolean keep) {
        byte[] buffer = new byte[8192];
        StringBuilder line = new StringBuilder();
        try {
            for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                to.write(buffer, 0, count);
                to.flush();
                if (keep) {
                    keep(new String(buffer, 0, count, StandardCharsets.UTF_8), line);
                }
            }
        } catch (IOException ended) {
            // the driver has ended, or nobody reads this container's log any more
        }
        if (keep && line.length() > 0) {
            keepLine(line.toString());
        }
    }

    private void keep(String text, StringBuilder line) {
        for (int i = 0; i < text.length(); i++) {
            char next = text.charAt(i);
            if (next == '\n' || next == '\r') {
                keepLine(line.toString());
                line.setLength(0);
            } else if (line.length() < LONGEST_LINE) {
                line.append(next);
            }
        }
    }

    private void keepLine(String line) {
        if (line.isBlank()) {
            return;
        }
        synchronized (tail) {
            tail.add(line);
            if (tail.size() > KEPT_LINES) {
                tail.remove();
            }
        }
    }
}
