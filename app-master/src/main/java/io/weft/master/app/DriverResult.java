package io.weft.master.app;

import io.weft.master.jobs.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the script ended: its exit code, the last line of its traceback, its summary, and the tail of its standard error.
 */
record DriverResult(int exit, String last, String summary, List<String> tail) {
    /** Name of the record in staging, which the waiting client reads. */
    static final String NAME = "result.json";

    private static final int TAIL_LINES = 40;

    DriverResult {
        tail = List.copyOf(tail);
    }

    static DriverResult of(int exit, List<String> lines) {
        String summary = "";
        String last = "";
        for (String line : lines) {
            if (line.startsWith("weft: ")) {
                summary = line;
            } else if (!line.startsWith(" ") && !line.startsWith("log4j") && !line.startsWith("[")) {
                last = line; // notes, which are indented, may follow it
            }
        }
        return new DriverResult(
                exit,
                exit == 0 ? "" : last,
                summary,
                lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    }

    /** How Python ends a traceback: the class, and the message behind a colon. */
    private static boolean isException(String line) {
        return line.matches("[A-Za-z_][\\w.]*(Error|Exception|Exit|Interrupt|Iteration|Warning|Failure)?(: .*|)");
    }

    boolean succeeded() {
        return exit == 0;
    }

    byte[] bytes() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("exit", (long) exit);
        json.put("last", last);
        json.put("summary", summary);
        json.put("tail", exit == 0 ? List.of() : tail);
        return Json.text(json).getBytes(StandardCharsets.UTF_8);
    }

    /** What YARN shows to everybody who may see the application: no value of a record, so no free text, and nothing quoted. */
    String diagnostics() {
        String shown = (isException(last) ? last : "").replaceAll("'[^']*'|\"[^\"]*\"", "'…'");
        return "exit " + exit + ":" + (shown.isEmpty() ? "" : " " + shown);
    }
}
