package io.weft.master.jobs;

import java.nio.file.Path;
import java.util.Objects;

/**
 * What all jobs of an application have in common.
 *
 * @param application the application's id
 * @param folder for files of running jobs
 * @param memoryBytes data a task may hold before it spills
 * @param limitBytes RSS at which a worker is stopped, 0 for none
 * @param taskCpus processors of each task
 * @param maxResultBytes what one action may bring to the driver, 0 for no limit
 */
public record JobSettings(
        String application,
        Path folder,
        long memoryBytes,
        long limitBytes,
        int taskCpus,
        long maxResultBytes,
        Files files) {
    /**
     * How files are found, cut, read and written.
     *
     * @param localFirst a path without scheme that exists on this machine is read as file:
     * @param splitBytes up to what size small files share a partition
     * @param ignoreCorrupt the rest of a damaged file is left out; else it fails its task
     * @param validateOutput a plain save fails where its folder exists; else it puts its files among those that are there
     */
    public record Files(boolean localFirst, long splitBytes, boolean ignoreCorrupt, boolean validateOutput) {}

    public JobSettings {
        Objects.requireNonNull(application, "application is null");
        Objects.requireNonNull(folder, "folder is null");
    }
}
