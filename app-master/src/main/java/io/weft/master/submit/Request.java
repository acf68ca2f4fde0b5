package io.weft.master.submit;

import java.util.List;
import java.util.Map;

/**
 * What the user asked for, checked.
 *
 * @param settings weft.* keys
 * @param hadoop Hadoop's keys, for the application's own configuration
 */
record Request(
        String name,
        String queue,
        Sizes sizes,
        Payload payload,
        Map<String, String> settings,
        Map<String, String> hadoop,
        boolean waits) {
    Request {
        settings = Map.copyOf(settings);
        hadoop = Map.copyOf(hadoop);
    }

    /** Megabytes are of whole containers. */
    record Sizes(int executors, int cores, int executorMegabytes, int overheadMegabytes, int driverMegabytes) {
        static final int LEAST_OVERHEAD_MEGABYTES = 384;

        int executorContainerMegabytes() {
            return executorMegabytes + overheadMegabytes;
        }

        /** What may be asked for each executor, so that it fits into a container of this size; by the share that its overhead has now. */
        long largestExecutorMegabytes(long containerMegabytes) {
            if (overheadMegabytes * 10L > executorMegabytes) {
                return containerMegabytes - overheadMegabytes;
            }
            return Math.min(containerMegabytes - LEAST_OVERHEAD_MEGABYTES, containerMegabytes * 10 / 11);
        }
    }

    /** Script, its arguments, and what travels with it; entries of {@code files} and {@code archives} may end in #alias. */
    record Payload(
            String script, List<String> arguments, List<String> pyFiles, List<String> files, List<String> archives) {
        Payload {
            arguments = List.copyOf(arguments);
            pyFiles = List.copyOf(pyFiles);
            files = List.copyOf(files);
            archives = List.copyOf(archives);
        }
    }
}
