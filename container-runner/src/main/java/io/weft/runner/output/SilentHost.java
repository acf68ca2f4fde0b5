package io.weft.runner.output;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/** Tells a file system that does not answer from one that refuses. */
public final class SilentHost {
    private static final int MAX_CAUSES = 20;

    private SilentHost() {}

    /**
     * In the user's words, when {@code failure} means that nobody could be reached; else empty.
     *
     * @param path what was asked for; without a scheme it is the default file system's
     * @param site such as "textFile at etl.py:12"
     */
    public static Optional<String> explain(Throwable failure, String path, String site) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++) {
            Optional<String> reason = reason(cause);
            if (reason.isPresent()) {
                String from = new Path(path).toUri().getScheme() == null
                        ? "the default file system (fs.defaultFS in HADOOP_CONF_DIR's core-site.xml)"
                        : "its file system";
                return Optional.of(path + " cannot be reached (" + site + "): " + reason.get()
                        + ". Check the address of " + from + ", and whether it runs.");
            }
            cause = cause.getCause();
        }
        return Optional.empty();
    }

    private static Optional<String> reason(Throwable cause) {
        if (cause instanceof UnknownHostException) {
            return Optional.of("the host " + cause.getMessage() + " is not known here");
        }
        if (cause instanceof ConnectException) {
            return Optional.of("connection refused");
        }
        if (cause instanceof NoRouteToHostException) {
            return Optional.of("no route to its host");
        }
        if (cause instanceof SocketTimeoutException) {
            return Optional.of("it does not answer");
        }
        return Optional.empty();
    }
}
