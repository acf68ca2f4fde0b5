package io.weft.master.app;

import io.weft.master.backend.Backend;
import io.weft.master.config.AppSettings;
import io.weft.master.config.HadoopConf;
import io.weft.master.config.ProfileRequest;
import io.weft.master.gateway.Gateway;
import io.weft.master.jobs.CachedBlocks;
import io.weft.master.jobs.JobException;
import io.weft.master.jobs.JobFailure;
import io.weft.master.jobs.JobHistory;
import io.weft.master.jobs.JobService;
import io.weft.master.jobs.JobSettings;
import io.weft.master.jobs.SharedFiles;
import io.weft.master.jobs.Stacks;
import io.weft.master.scheduler.Scheduler;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.container.Logging;
import io.weft.runner.output.NewFolder;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.shuffle.BlockStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One application: scheduler, loop, jobs and blocks over one backend, whichever it is. {@link #start} first, {@link #end} last; both by
 * the thread that made it, the rest by any.
 */
public final class Application implements Gateway.Control {
    /**
     * What an application is made of.
     *
     * @param id {@code application_…} or {@code local_<millis>_<pid>}
     * @param folder for its temporary files that are small; exists
     * @param data for what is large, on one of the disks that are for data; made when needed
     * @param allocation how many runners there are, where that follows the work
     * @param localFirst a path without scheme that exists on this machine is read as file: (local modes)
     */
    public record Spec(
            String id,
            AppSettings settings,
            DriverPython python,
            Path folder,
            Path data,
            Optional<Allocation> allocation,
            boolean localFirst) {
        public Spec {
            Objects.requireNonNull(id, "id is null");
            Objects.requireNonNull(settings, "settings is null");
            Objects.requireNonNull(python, "python is null");
            Objects.requireNonNull(folder, "folder is null");
            Objects.requireNonNull(data, "data is null");
        }
    }

    private final Spec spec;
    private final HadoopConf hadoop;
    private final BlockStore blocks;
    private final Backend backend;
    private final AppLoop loop;
    private final JobService jobs;
    private final CachedBlocks cached;
    private final SharedFiles files = new SharedFiles();
    private final Runnable onStop;
    private final AddedFiles addedFiles;
    /** What makes of the program's settings what this application shall be like; set before the start. */
    private Optional<Containers> containers = Optional.empty();

    /**
     * @param blocks what the driver uploads; runners read it through the backend or a block server
     * @param onStop called when the driver asks for the end; must not block
     */
    public Application(Spec spec, HadoopConf hadoop, BlockStore blocks, Backend backend, Runnable onStop)
            throws IOException {
        this.spec = spec;
        this.hadoop = hadoop;
        this.blocks = blocks;
        this.backend = backend;
        this.onStop = onStop;
        addedFiles = new AddedFiles(spec.data().resolve("driver-files"), blocks, hadoop, files);
        AppSettings settings = spec.settings();
        cached = new CachedBlocks(settings.worker().cacheBytes());
        loop = new AppLoop(
                new Scheduler(settings.scheduler()),
                backend,
                new EventLog(logFile(spec), settings.logFolder().isPresent()),
                spec.python(),
                new PrintedLines(System.err),
                cached,
                blocks::length);
        spec.allocation().ifPresent(allocation -> loop.follow(0, allocation));
        jobs = new JobService(jobSettings(settings), hadoop, loop, files, cached);
    }

    /** From now on containers follow the program's settings. Before {@link #start}. */
    void fitBy(Containers source) {
        containers = Optional.of(source);
        source.tell(loop::follow);
        jobs.profiles(source.profiles());
    }

    private JobSettings jobSettings(AppSettings settings) {
        return new JobSettings(
                spec.id(),
                spec.folder(),
                settings.worker().memoryBytes(),
                settings.worker().limitBytes(),
                settings.worker().cpus(),
                settings.maxResultBytes(),
                new JobSettings.Files(
                        spec.localFirst(),
                        settings.files().splitBytes(),
                        settings.files().ignoreCorrupt(),
                        settings.files().validateOutput()));
    }

    private static Path logFile(Spec spec) throws IOException {
        if (spec.settings().logFolder().isEmpty()) {
            return spec.folder().resolve("events.log");
        }
        return Files.createDirectories(spec.settings().logFolder().get()).resolve(spec.id() + ".events.log");
    }

    /** Starts the backend and the loop, which has what the backend told it until then. Throws IOException with a sentence for the user. */
    public void start() throws IOException {
        backend.start(loop);
        loop.start();
    }

    public JobService jobs() {
        return jobs;
    }

    /** Where the driver finds the files of addFile. */
    public Path filesFolder() {
        return addedFiles.folder();
    }

    /** Where the driver puts the files of its broadcasts. */
    public Path broadcastFolder() {
        return spec.data().resolve("driver-broadcasts").toAbsolutePath();
    }

    public BlockStore blocks() {
        return blocks;
    }

    public HadoopConf hadoop() {
        return hadoop;
    }

    @Override
    public void cancelGroup(String group, String reason) {
        loop.scheduler(new SchedulerEvent.GroupCancelled(group, reason));
    }

    @Override
    public void cancelAll(String reason) {
        loop.scheduler(new SchedulerEvent.AllCancelled(reason));
    }

    @Override
    public void cancelTag(String tag, String reason) {
        for (int job : jobs.history().activeWithTag(tag)) {
            loop.scheduler(new SchedulerEvent.JobCancelled(job, reason));
        }
    }

    @Override
    public JobHistory history() {
        return jobs.history();
    }

    @Override
    public List<Map<String, Object>> executors() {
        return loop.executors();
    }

    @Override
    public int cachedPartitions(int rdd) {
        return cached.count(rdd);
    }

    @Override
    public int cachedCopies(int rdd) {
        return cached.countCopies(rdd);
    }

    @Override
    public String addFile(String path, boolean python) {
        RunnerCommand.AddFile added = addedFiles.add(path, python);
        loop.addFile(added);
        return added.name();
    }

    @Override
    public void addArchive(String path, String name) {
        loop.addFile(addedFiles.addArchive(path, name));
    }

    @Override
    public String makeFolder(String path) {
        try {
            return NewFolder.make(path, hadoop.now().configuration());
        } catch (IOException | RuntimeException error) {
            throw new IllegalArgumentException(
                    "'" + path + "' cannot be made a folder for checkpoints: " + Stacks.message(error), error);
        }
    }

    @Override
    public void setLogLevel(String level) {
        Logging.level(level);
    }

    @Override
    public Map<String, Object> configure(Map<String, String> settings) throws JobException {
        Containers fitting = containers.orElseThrow(() ->
                new JobException(JobFailure.of("E17", 2, "user", "settings of a local master are given at its start")));
        boolean started = jobs.haveStarted();
        Map<String, String> inTime = new LinkedHashMap<>(settings);
        List<String> late = new ArrayList<>();
        if (started && fitting.differ(settings)) {
            settings.keySet().stream().filter(Application::isOfContainers).forEach(late::add);
            inTime.keySet().removeAll(late);
        }
        Containers.Fitted fitted = fitting.fit(inTime, started);
        jobs.configure(jobSettings(fitted.settings()));
        loop.configure(fitted.settings().scheduler(), fitted.allocation());
        Map<String, Object> told = new LinkedHashMap<>(fitted.numbers());
        told.put("late", late);
        return told;
    }

    @Override
    public int profile(int number, ProfileRequest request) throws JobException {
        return containers
                .orElseThrow(
                        () -> new JobException(JobFailure.of("E18", 2, "user", "runners of a local master are alike")))
                .ask(number, request);
    }

    private static boolean isOfContainers(String setting) {
        return setting.startsWith("weft.executor.")
                || setting.startsWith("weft.dynamicAllocation.")
                || setting.equals("weft.task.cpus");
    }

    @Override
    public Object hadoopConfiguration() {
        return hadoop.forProgram();
    }

    @Override
    public void stop() {
        onStop.run();
    }

    /** Cancels every job, ends all runners, then the loop. */
    public void end(String reason) {
        long timeoutMillis = spec.settings().stopTimeoutMillis();
        loop.scheduler(new SchedulerEvent.AllCancelled(reason));
        backend.stop(reason, timeoutMillis);
        try {
            loop.stop(timeoutMillis);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        blocks.close();
    }
}
