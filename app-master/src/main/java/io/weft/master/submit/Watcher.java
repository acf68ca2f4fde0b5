package io.weft.master.submit;

import io.weft.master.jobs.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.apache.hadoop.yarn.exceptions.YarnException;

/** Waits for an application's end, says what happens to it on the way, and finds the script's exit code. */
final class Watcher {
    static final int KILLED = 6;
    static final int LOST = 7;
    private static final long FAST_POLL_MILLIS = 25;
    private static final long SLOW_POLL_MILLIS = 250;
    private static final long FAST_FOR_NANOS = 20_000_000_000L;
    private static final long SAY_EVERY_NANOS = 10_000_000_000L;

    /** How the ApplicationMaster begins its diagnostics. */
    private static final Pattern EXIT = Pattern.compile("exit (\\d+): ?(.*)");

    private final ClusterAccess cluster;
    private final Staging staging;
    private final Request request;
    private final long startNanos;
    private final PrintStream err;

    Watcher(ClusterAccess cluster, Staging staging, Request request, long startNanos, PrintStream err) {
        this.cluster = cluster;
        this.staging = staging;
        this.request = request;
        this.startNanos = startNanos;
        this.err = err;
    }

    int untilEnd(ApplicationId id) throws IOException, YarnException {
        Thread goodbye = new Thread(() -> err.println(id + " is still running; stop it with: weft kill " + id));
        Runtime.getRuntime().addShutdownHook(goodbye);
        ApplicationReport report = poll(id);
        Runtime.getRuntime().removeShutdownHook(goodbye);
        int exit = explain(report);
        staging.remove();
        return exit;
    }

    private ApplicationReport poll(ApplicationId id) throws IOException, YarnException {
        boolean running = false;
        long saidNanos = System.nanoTime();
        while (true) {
            ApplicationReport report = cluster.yarn().getApplicationReport(id);
            YarnApplicationState state = report.getYarnApplicationState();
            if (!running && state == YarnApplicationState.RUNNING) {
                running = true;
                err.println(String.format(
                        Locale.ROOT,
                        "%s  accepted by queue %s, running after %.1f s      %s",
                        id,
                        report.getQueue(),
                        (System.nanoTime() - startNanos) / 1e9,
                        report.getTrackingUrl()));
            }
            if (state == YarnApplicationState.FINISHED
                    || state == YarnApplicationState.FAILED
                    || state == YarnApplicationState.KILLED) {
                return report;
            }
            long now = System.nanoTime();
            if (now - saidNanos > SAY_EVERY_NANOS) {
                saidNanos = now;
                say(report, running, (now - startNanos) / 1_000_000_000);
            }
            pause(now - startNanos < FAST_FOR_NANOS ? FAST_POLL_MILLIS : SLOW_POLL_MILLIS);
        }
    }

    private void say(ApplicationReport report, boolean running, long seconds) {
        if (running) {
            err.println(report.getApplicationId() + " running, " + Math.round(report.getProgress() * 100)
                    + " % of the tasks known so far, " + seconds + " s");
        } else {
            String why = report.getDiagnostics() == null
                    ? ""
                    : report.getDiagnostics().strip().replace('\n', ' ');
            err.println("waiting " + seconds + " s for the ApplicationMaster's container in queue " + report.getQueue()
                    + (why.isEmpty() ? "" : ": " + why));
        }
    }

    private int explain(ApplicationReport report) {
        String id = report.getApplicationId().toString();
        String diagnostics =
                report.getDiagnostics() == null ? "" : report.getDiagnostics().strip();
        Map<String, Object> result = result();
        Matcher exit = EXIT.matcher(diagnostics.lines().findFirst().orElse(""));
        if (result.get("exit") instanceof Number code) {
            List<String> tail = Json.list(result, "tail");
            String summary = Json.string(result, "summary", "");
            if (!summary.isEmpty() && !tail.contains(summary)) {
                err.println(summary);
            }
            tell(id, code.intValue(), Json.string(result, "last", ""), tail);
            return code.intValue();
        }
        if (exit.matches()) {
            int code = Integer.parseInt(exit.group(1));
            tell(id, code, exit.group(2), List.of());
            return code;
        }
        if (report.getYarnApplicationState() == YarnApplicationState.KILLED) {
            err.println(id + " was killed" + (diagnostics.isEmpty() ? "." : ": " + diagnostics));
            return KILLED;
        }
        String words = "The ApplicationMaster of " + id + " ended without a result"
                + (diagnostics.isEmpty() ? "." : ":\n" + diagnostics) + "\nall of it: yarn logs -applicationId " + id;
        err.println(MasterEnd.bySignal(id, diagnostics).orElse(words));
        return LOST;
    }

    private void tell(String id, int code, String last, List<String> tail) {
        if (code == 0) {
            return;
        }
        tail.forEach(err::println);
        err.println(request.name() + " ended with exit code " + code + " in cluster mode (" + id + ")"
                + (last.isEmpty() ? "." : "; its last line on stderr: " + last));
    }

    /** The ApplicationMaster's result record; empty when there is none. */
    private Map<String, Object> result() {
        try {
            return Json.object(new String(staging.read("result.json"), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Map.of();
        }
    }

    private static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the application", e);
        }
    }
}
