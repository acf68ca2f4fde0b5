package io.weft.master.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What a profile of the program's asks for; 0 stands for nothing: then it is as in all other containers.
 *
 * @param name of messages, {@code profile 3}
 * @param cpus processors of a task
 * @param cores processors of a container
 * @param megabytes memory of a container, as weft.executor.memory says it
 * @param overheadMegabytes memory beyond that, as weft.executor.memoryOverhead says it
 * @param pythonMegabytes what the workers of a container may hold together, and memory of the container beyond both
 */
public record ProfileRequest(
        String name, int cpus, int cores, int megabytes, int overheadMegabytes, int pythonMegabytes) {
    /** A request that asks for the most of both. */
    public ProfileRequest with(ProfileRequest other) {
        return new ProfileRequest(
                name + " with " + other.name,
                Math.max(cpus, other.cpus),
                Math.max(cores, other.cores),
                Math.max(megabytes, other.megabytes),
                Math.max(overheadMegabytes, other.overheadMegabytes),
                Math.max(pythonMegabytes, other.pythonMegabytes));
    }

    /** The same with tasks of at least so many processors. */
    public ProfileRequest withCpus(int least) {
        return new ProfileRequest(name, Math.max(cpus, least), cores, megabytes, overheadMegabytes, pythonMegabytes);
    }

    /**
     * Its containers in an application of these settings.
     *
     * @throws SettingsException when a container has no room for a task (E17)
     */
    public ContainerSizes sizes(Map<String, String> settings) throws SettingsException {
        Map<String, String> own = new LinkedHashMap<>(settings);
        put(own, ContainerSizes.CPUS, cpus, "");
        put(own, ContainerSizes.CORES, cores, "");
        put(own, ContainerSizes.MEMORY, megabytes, "m");
        put(own, ContainerSizes.OVERHEAD, overheadMegabytes, "m");
        return ContainerSizes.of(own, names()).withMore(pythonMegabytes);
    }

    /**
     * The settings of its workers.
     *
     * @param sizes of its containers
     */
    public Map<String, String> settings(Map<String, String> settings, ContainerSizes sizes) {
        Map<String, String> own = new LinkedHashMap<>(settings);
        if (pythonMegabytes > 0) {
            own.put("weft.python.worker.limit", Math.max(1, pythonMegabytes / sizes.slots()) + "m");
        }
        return own;
    }

    /** What users have said settings by. */
    public UnaryOperator<String> names() {
        Map<String, String> said = Map.of(
                ContainerSizes.CPUS, "cpus of a task",
                ContainerSizes.CORES, "the profile's cores",
                ContainerSizes.MEMORY, "the profile's memory",
                ContainerSizes.OVERHEAD, "the profile's memoryOverhead");
        return setting -> said.getOrDefault(setting, setting);
    }

    private static void put(Map<String, String> settings, String name, int value, String unit) {
        if (value > 0) {
            settings.put(name, value + unit);
        }
    }
}
