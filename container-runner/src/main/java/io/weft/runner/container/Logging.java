package io.weft.runner.container;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.apache.log4j.ConsoleAppender;
import org.apache.log4j.Layout;
import org.apache.log4j.Level;
import org.apache.log4j.LogManager;
import org.apache.log4j.Logger;
import org.apache.log4j.PropertyConfigurator;
import org.apache.log4j.spi.LoggingEvent;

/**
 * What the libraries under Weft say on standard error. Log4j's own configurator costs a start 150 ms (beans, dates, locales), so the file
 * that Weft ships is set up by hand; one that an administrator has changed in more than levels goes to that configurator.
 */
public final class Logging {
    private static final List<String> KNOWN = List.of("ALL", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF");
    private static final String LOGGER = "log4j.logger.";
    private static final String ROOT = "log4j.rootLogger";
    private static final Map<String, String> PLAIN = Map.of(
            "log4j.appender.stderr", "org.apache.log4j.ConsoleAppender",
            "log4j.appender.stderr.target", "System.err",
            "log4j.appender.stderr.layout", "org.apache.log4j.PatternLayout",
            "log4j.appender.stderr.layout.ConversionPattern", "%d{HH:mm:ss} %p %c{1}: %m%n");

    private Logging() {}

    /** Keeps Log4j from configuring itself; before anything is logged. */
    public static void hold() {
        System.setProperty("log4j.defaultInitOverride", "true");
    }

    /** Configures it, anew if it was, by the file that the property {@code log4j.configuration} names. */
    public static void configure() {
        Properties file = new Properties();
        String uri = System.getProperty("log4j.configuration", "");
        if (uri.startsWith("file:")) {
            try (InputStream in = Files.newInputStream(Path.of(URI.create(uri)))) {
                file.load(in);
            } catch (IOException | IllegalArgumentException unreadable) {
                file.clear();
            }
        }
        if (isPlain(file)) {
            configurePlain(file);
        } else {
            PropertyConfigurator.configure(file);
        }
    }

    private static boolean isPlain(Properties file) {
        for (String key : file.stringPropertyNames()) {
            boolean level = key.startsWith(LOGGER) && !file.getProperty(key).contains(",");
            boolean root = key.equals(ROOT) && file.getProperty(key).matches("[A-Z]+\\s*,\\s*stderr");
            if (!level && !root && !file.getProperty(key).equals(PLAIN.get(key))) {
                return false;
            }
        }
        return true;
    }

    private static void configurePlain(Properties file) {
        Logger root = LogManager.getRootLogger();
        root.removeAllAppenders();
        root.addAppender(new ConsoleAppender(new BriefLayout(), ConsoleAppender.SYSTEM_ERR));
        root.setLevel(Level.toLevel(file.getProperty(ROOT, "WARN").split("\\s*,")[0], Level.WARN));
        for (String key : file.stringPropertyNames()) {
            if (key.startsWith(LOGGER)) {
                Logger logger = LogManager.getLogger(key.substring(LOGGER.length()));
                logger.setLevel(Level.toLevel(file.getProperty(key).strip(), Level.WARN));
            }
        }
    }

    /** All loggers speak at this level from now on. Throws IllegalArgumentException for an unknown one. */
    public static void level(String level) {
        String upper = level.toUpperCase(Locale.ROOT);
        if (!KNOWN.contains(upper)) {
            throw new IllegalArgumentException("'" + level + "' is not a log level; " + String.join(", ", KNOWN));
        }
        LogManager.getRootLogger().setLevel(Level.toLevel(upper));
    }

    /** {@code 13:05:59 WARN Class: message}, and a stack where there is one. */
    private static final class BriefLayout extends Layout {
        @Override
        public String format(LoggingEvent event) {
            String name = event.getLoggerName();
            return LocalTime.now().truncatedTo(ChronoUnit.SECONDS) + " " + event.getLevel() + " "
                    + name.substring(name.lastIndexOf('.') + 1) + ": " + event.getRenderedMessage() + "\n";
        }

        /** The appender prints the stack. */
        @Override
        public boolean ignoresThrowable() {
            return true;
        }

        @Override
        public void activateOptions() {}
    }
}
