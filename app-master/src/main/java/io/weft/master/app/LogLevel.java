package io.weft.master.app;

import java.util.List;
import java.util.Locale;
import org.apache.log4j.Level;
import org.apache.log4j.LogManager;

/** How much the libraries under Weft say on standard error. */
final class LogLevel {
    private static final List<String> KNOWN = List.of("ALL", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF");

    private LogLevel() {}

    /** All loggers speak at this level from now on. Throws IllegalArgumentException for an unknown one. */
    static void set(String level) {
        String upper = level.toUpperCase(Locale.ROOT);
        if (!KNOWN.contains(upper)) {
            throw new IllegalArgumentException("'" + level + "' is not a log level; " + String.join(", ", KNOWN));
        }
        LogManager.getRootLogger().setLevel(Level.toLevel(upper));
    }
}
