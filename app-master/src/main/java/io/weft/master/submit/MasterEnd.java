package io.weft.master.submit;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How an ApplicationMaster ended that left no result, from YARN's diagnostics. */
final class MasterEnd {
    private static final Pattern CONTAINER = Pattern.compile("AM Container for \\S+ exited with\\s+exitCode: (-?\\d+)");
    private static final int SIGNALS_FROM = 128;
    private static final int SIGNALS_UNTIL = 160;

    private MasterEnd() {}

    /** A line for the user where a signal ended it: there YARN's own words, eight lines of them, say no more. */
    static Optional<String> bySignal(String application, String diagnostics) {
        Matcher exit = CONTAINER.matcher(diagnostics);
        if (!exit.find()) {
            return Optional.empty();
        }
        int code = Integer.parseInt(exit.group(1));
        if (code <= SIGNALS_FROM || code >= SIGNALS_UNTIL) {
            return Optional.empty();
        }
        return Optional.of("The ApplicationMaster of " + application + " was killed by signal " + (code - SIGNALS_FROM)
                + "; all of it: yarn logs -applicationId " + application);
    }
}
