package io.weft.master.config;

import io.weft.master.scheduler.SchedulerSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The settings of one application, read.
 *
 * @param parallelism the user's default number of partitions; empty: as many as there are slots
 * @param maxFailures as set by the user, empty when not
 * @param localFolders one a disk; empty: TMPDIR
 * @param logFolder keeps the event log, empty: it goes with the temporary files
 * @param stopTimeoutMillis how long the end waits for runners
 * @param allocation present where the number of containers follows the work
 */
public record AppSettings(
        SchedulerSettings scheduler,
        Worker worker,
        OptionalInt parallelism,
        OptionalInt maxFailures,
        List<String> localFolders,
        Optional<Path> logFolder,
        long stopTimeoutMillis,
        long maxResultBytes,
        Files files,
        Map<String, String> hadoop,
        Optional<AllocationSettings> allocation) {
    /**
     * Of files.
     *
     * @param splitBytes up to what size small ones share a partition, 0: none do
     * @param ignoreCorrupt the rest of a damaged one is left out
     * @param validateOutput a plain save fails where its folder exists
     */
    public record Files(long splitBytes, boolean ignoreCorrupt, boolean validateOutput) {}

    /**
     * Of Python workers.
     *
     * @param memoryBytes data a task may hold before it spills
     * @param limitBytes RSS at which a worker is stopped, 0 for none
     * @param cpus processors of each task
     * @param cacheBytes what one runner keeps of partitions that are persisted in memory only
     * @param reuse a worker runs one task after another; else each has a process of its own
     * @param sealed what they write to local disks is encrypted
     * @param environment variables added to the runner's own
     */
    public record Worker(
            long memoryBytes,
            long limitBytes,
            long cacheBytes,
            int cpus,
            boolean reuse,
            boolean sealed,
            Map<String, String> environment) {
        public Worker {
            environment = Map.copyOf(environment);
        }
    }

    public AppSettings {
        localFolders = List.copyOf(localFolders);
        hadoop = Map.copyOf(hadoop);
    }

    public static AppSettings of(Settings settings) {
        long wait = settings.millis("weft.locality.wait");
        SchedulerSettings plain = SchedulerSettings.DEFAULT;
        SchedulerSettings scheduler = new SchedulerSettings(
                settings.integer("weft.task.maxFailures"),
                plain.maxTaskLosses(),
                plain.maxShuffleLosses(),
                new SchedulerSettings.Preference(settings.flag("weft.locality.enabled"), true, wait, wait),
                plain.exclusion(),
                new SchedulerSettings.Speculation(
                        settings.flag("weft.speculation"),
                        settings.number("weft.speculation.quantile"),
                        settings.number("weft.speculation.multiplier"),
                        settings.millis("weft.speculation.minTaskRuntime")),
                new SchedulerSettings.Barrier(
                        Integer.MAX_VALUE,
                        Math.max(1, settings.millis("weft.barrier.slotsTimeout")),
                        Math.max(1, settings.millis("weft.barrier.timeout"))));
        String logFolder = settings.string("weft.log.dir");
        int parallelism = settings.integer("weft.default.parallelism");
        return new AppSettings(
                scheduler,
                new Worker(
                        memory(settings),
                        settings.bytes("weft.python.worker.limit"),
                        settings.bytes("weft.cache.memory"),
                        Math.max(1, settings.integer("weft.task.cpus")),
                        settings.flag("weft.python.worker.reuse"),
                        settings.flag("weft.io.encryption"),
                        environment(settings)),
                parallelism > 0 ? OptionalInt.of(parallelism) : OptionalInt.empty(),
                settings.isSet("weft.task.maxFailures")
                        ? OptionalInt.of(settings.integer("weft.task.maxFailures"))
                        : OptionalInt.empty(),
                settings.list("weft.local.dir"),
                logFolder.isEmpty() ? Optional.empty() : Optional.of(Path.of(logFolder)),
                settings.millis("weft.gateway.stopTimeout"),
                settings.bytes("weft.driver.maxResultSize"),
                new Files(
                        settings.bytes("weft.input.splitBytes"),
                        settings.flag("weft.files.ignoreCorrupt"),
                        settings.flag("weft.output.validate")),
                settings.below("weft.hadoop."),
                AllocationSettings.of(settings));
    }

    /** Slots of a container or machine with so many processors. Throws SettingsException (E17) when there is none. */
    public int slots(int cores, String where) throws SettingsException {
        if (cores < worker.cpus()) {
            throw new SettingsException(List.of("weft.task.cpus is " + worker.cpus() + ", and " + where + " has "
                    + cores + (cores == 1 ? " processor" : " processors") + ": no task could run there."));
        }
        return cores / worker.cpus();
    }

    /** Less than the limit: a worker that may not hold so much spills at half of what it may hold. */
    private static long memory(Settings settings) {
        long memory = settings.bytes("weft.python.worker.memory");
        long limit = settings.bytes("weft.python.worker.limit");
        return limit == 0 || memory < limit ? memory : limit / 2;
    }

    private static Map<String, String> environment(Settings settings) {
        Map<String, String> environment = new LinkedHashMap<>(settings.below("weft.env."));
        List<String> modules = settings.list("weft.python.preimport");
        if (!modules.isEmpty()) {
            environment.put("WEFT_PREIMPORT", String.join(",", modules));
        }
        return environment;
    }

    /** The same with another number of failures that fail a job. */
    public AppSettings withMaxFailures(int failures) {
        return with(scheduler.withMaxTaskFailures(failures));
    }

    /** The same where no hosts come but those that are there from the start. */
    public AppSettings withAllHostsThere() {
        SchedulerSettings.Preference before = scheduler.preference();
        return with(scheduler.withPreference(new SchedulerSettings.Preference(
                before.locality(), false, before.nodeWaitMillis(), before.rackWaitMillis())));
    }

    /** The same of an application that can have so many slots. */
    public AppSettings withSlots(int slots) {
        SchedulerSettings.Barrier barrier = scheduler.barrier();
        return with(scheduler.withBarrier(
                new SchedulerSettings.Barrier(slots, barrier.gatherMillis(), barrier.syncMillis())));
    }

    private AppSettings with(SchedulerSettings other) {
        return new AppSettings(
                other,
                worker,
                parallelism,
                maxFailures,
                localFolders,
                logFolder,
                stopTimeoutMillis,
                maxResultBytes,
                files,
                hadoop,
                allocation);
    }
}
