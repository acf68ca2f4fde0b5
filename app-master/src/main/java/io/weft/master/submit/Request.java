package io.weft.master.submit;

import io.weft.master.config.ContainerSizes;
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

    /** {@code driverMegabytes}: of the ApplicationMaster's whole container. */
    record Sizes(ContainerSizes executors, int driverMegabytes) {
        private static final Map<String, String> OPTIONS = Map.of(
                ContainerSizes.CONTAINERS, "--num-executors",
                ContainerSizes.CORES, "--executor-cores",
                ContainerSizes.MEMORY, "--executor-memory");

        /** The option that says what a setting says; its own name where there is none. */
        static String option(String setting) {
            return OPTIONS.getOrDefault(setting, setting);
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
