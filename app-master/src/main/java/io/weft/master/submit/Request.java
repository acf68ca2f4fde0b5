package io.weft.master.submit;

import java.util.List;
import java.util.Map;

/** What the user asked for, checked. {@code pyspark}: the script is to find Weft behind PySpark's names. */
record Request(String name, String queue, Sizes sizes, Payload payload, Keys keys, boolean pyspark, boolean waits) {
    /**
     * Settings.
     *
     * @param weft weft.* keys
     * @param hadoop Hadoop's keys, for the application's own configuration
     * @param program what is neither, for the program to read
     */
    record Keys(Map<String, String> weft, Map<String, String> hadoop, Map<String, String> program) {
        Keys {
            weft = Map.copyOf(weft);
            hadoop = Map.copyOf(hadoop);
            program = Map.copyOf(program);
        }
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
            String script,
            List<String> arguments,
            List<String> pyFiles,
            List<String> jars,
            List<String> files,
            List<String> archives) {
        Payload {
            arguments = List.copyOf(arguments);
            pyFiles = List.copyOf(pyFiles);
            jars = List.copyOf(jars);
            files = List.copyOf(files);
            archives = List.copyOf(archives);
        }
    }
}
