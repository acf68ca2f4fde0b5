package io.weft.master.config;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;

/**
 * Sizes of the containers of an application on YARN, whoever says them: the command line, or the program itself.
 *
 * @param containers how many at the start
 * @param slots tasks that one runs at a time
 * @param executorMegabytes of each, without its overhead
 */
public record ContainerSizes(int containers, int cores, int slots, int executorMegabytes, int overheadMegabytes) {
    public static final String CONTAINERS = "weft.executor.instances";
    public static final String CORES = "weft.executor.cores";
    public static final String MEMORY = "weft.executor.memory";
    static final String OVERHEAD = "weft.executor.memoryOverhead";
    static final String CPUS = "weft.task.cpus";
    private static final String ALLOCATION = "weft.dynamicAllocation.";
    private static final int LEAST_OVERHEAD_MEGABYTES = 384;
    private static final long MEGABYTE = 1 << 20;

    /**
     * Reads them.
     *
     * @param settings those that somebody has made
     * @param names by a setting's name, what users have said it by
     * @throws SettingsException with the first that is wrong
     */
    public static ContainerSizes of(Map<String, String> settings, UnaryOperator<String> names)
            throws SettingsException {
        int containers = count(names.apply(CONTAINERS), settings.getOrDefault(CONTAINERS, atStart(settings)));
        int cores = count(names.apply(CORES), settings.getOrDefault(CORES, "1"));
        int cpus = count(names.apply(CPUS), settings.getOrDefault(CPUS, "1"));
        if (cpus > cores) {
            throw problem(names.apply(CPUS) + " is " + cpus + ", and each container has " + cores
                    + (cores == 1 ? " processor" : " processors") + " (" + names.apply(CORES)
                    + "): no task could run there");
        }
        int memory = megabytes(names.apply(MEMORY), settings.getOrDefault(MEMORY, "1g"));
        String overhead = settings.getOrDefault(OVERHEAD, "0");
        int overheadMegabytes = overhead.equals("0")
                ? Math.max(LEAST_OVERHEAD_MEGABYTES, memory / 10)
                : megabytes(names.apply(OVERHEAD), overhead);
        return new ContainerSizes(containers, cores, cores / cpus, memory, overheadMegabytes);
    }

    /** The same with so much more memory. */
    ContainerSizes withMore(int megabytes) {
        return new ContainerSizes(containers, cores, slots, executorMegabytes, overheadMegabytes + megabytes);
    }

    /** Of one whole container. */
    public int megabytes() {
        return executorMegabytes + overheadMegabytes;
    }

    /** What may be asked for each executor, so that it fits into a container of this size; by the share that its overhead has now. */
    public long largestExecutorMegabytes(long containerMegabytes) {
        if (overheadMegabytes * 10L > executorMegabytes) {
            return containerMegabytes - overheadMegabytes;
        }
        return Math.min(containerMegabytes - LEAST_OVERHEAD_MEGABYTES, containerMegabytes * 10 / 11);
    }

    /** Containers at the start, where nobody says how many: 2, or what their number must or shall be that follows the work. */
    private static String atStart(Map<String, String> settings) {
        if (!settings.getOrDefault(ALLOCATION + "enabled", "false").equals("true")) {
            return "2";
        }
        int least = 1;
        for (String key : List.of(ALLOCATION + "minExecutors", ALLOCATION + "initialExecutors")) {
            String text = settings.getOrDefault(key, "0");
            least = text.matches("\\d{1,6}") ? Math.max(least, Integer.parseInt(text)) : least;
        }
        return Integer.toString(least);
    }

    private static int count(String name, String text) throws SettingsException {
        if (!text.matches("0*[1-9]\\d{0,5}")) {
            throw problem(name + " " + text + ": a number of at least 1 is needed");
        }
        return Integer.parseInt(text);
    }

    /** {@code text}: a size; a number alone is of megabytes. */
    public static int megabytes(String name, String text) throws SettingsException {
        OptionalLong bytes = SettingType.bytes(text.matches("\\d+") ? text + "m" : text);
        long megabytes = bytes.orElse(0) / MEGABYTE;
        if (megabytes < 1 || megabytes > Integer.MAX_VALUE / 2) {
            throw problem(name + " " + text + ": a size such as 512m or 4g is needed");
        }
        return (int) megabytes;
    }

    private static SettingsException problem(String text) {
        return new SettingsException(List.of(text));
    }
}
