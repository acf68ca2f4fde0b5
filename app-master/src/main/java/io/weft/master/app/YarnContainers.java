package io.weft.master.app;

import io.weft.master.backend.yarn.ContainerPlan;
import io.weft.master.backend.yarn.YarnBackend;
import io.weft.master.config.AllocationSettings;
import io.weft.master.config.AppSettings;
import io.weft.master.config.ContainerSizes;
import io.weft.master.config.Definitions;
import io.weft.master.config.ProfileRequest;
import io.weft.master.config.Settings;
import io.weft.master.config.SettingsException;
import io.weft.master.config.SettingsLoader;
import io.weft.master.jobs.JobException;
import io.weft.master.jobs.JobFailure;
import io.weft.master.stages.Profile;
import io.weft.master.stages.Profiles;
import io.weft.runner.container.ApplicationRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/**
 * What an application on YARN makes of the sizes of its containers. They are asked for when it starts, as it was submitted, and again
 * when its program says other ones: before its first job, when none of them has run anything. Guarded by itself.
 */
final class YarnContainers implements Containers {
    /** What a runner's JVM takes beside its workers. */
    private static final long RUNNER_JVM_MEGABYTES = 300;

    private final ApplicationRecord record;
    private final YarnProfiles profiles = new YarnProfiles(this::make);

    /** The profiles that were made, by what makes one unlike another. */
    private final Map<List<Object>, Profile> made = new LinkedHashMap<>();

    private ContainerSizes sizes;

    /** Settings that the program has made. */
    private Map<String, String> ofProgram = Map.of();

    private YarnBackend backend;
    private BiConsumer<Integer, Allocation> follower;

    private YarnContainers(ApplicationRecord record, ContainerSizes sizes) {
        this.record = record;
        this.sizes = sizes;
    }

    /** As the application was submitted. */
    static YarnContainers of(ApplicationRecord record) {
        int memory = (int) record.number("executorMegabytes");
        int cores = (int) record.number("cores");
        String cpus = record.map("settings").getOrDefault("weft.task.cpus", "1");
        return new YarnContainers(
                record,
                new ContainerSizes(
                        (int) record.number("executors"),
                        cores,
                        Math.max(1, cores / Math.max(1, Integer.parseInt(cpus))),
                        memory,
                        (int) record.number("containerMegabytes") - memory));
    }

    /** Who is told of other containers. */
    synchronized void askFrom(YarnBackend source) {
        backend = source;
    }

    @Override
    public synchronized void tell(BiConsumer<Integer, Allocation> follows) {
        follower = follows;
    }

    @Override
    public Profiles profiles() {
        return profiles;
    }

    @Override
    public int ask(int profile, ProfileRequest request) throws JobException {
        return profiles.add(profile, request);
    }

    private synchronized Profile make(int number, ProfileRequest request) throws JobException {
        Map<String, String> all = with(ofProgram);
        try {
            ContainerSizes own = request.sizes(all);
            Optional<String> refusal = backend.largest().refuses(own, "None was asked for.", request.names());
            if (refusal.isPresent()) {
                throw new JobException(JobFailure.of("E11", 5, "resources", refusal.get()));
            }
            Settings settings = load(request.settings(all, own), own);
            AppSettings.Worker worker = AppSettings.of(settings).worker();
            List<Object> key = List.of(own.cores(), own.slots(), own.megabytes(), worker.limitBytes());
            Profile known = made.get(key);
            if (known != null) {
                return known;
            }
            AllocationSettings bounds = AllocationSettings.ofProfile(settings, sizes.containers());
            int slots = (int) Math.min(Integer.MAX_VALUE, (long) bounds.max() * own.slots());
            Profile profile = new Profile(number, slots, worker.memoryBytes(), worker.limitBytes());
            backend.add(number, plan(own));
            follower.accept(number, new Allocation(bounds, own.slots(), 0));
            made.put(key, profile);
            return profile;
        } catch (SettingsException wrong) {
            throw new JobException(JobFailure.of("E17", 2, "user", wrong.getMessage(), wrong));
        }
    }

    synchronized ContainerPlan plan() {
        return plan(sizes);
    }

    private ContainerPlan plan(ContainerSizes of) {
        return new ContainerPlan(of.containers(), of.cores(), of.slots(), of.megabytes(), record.list("hosts"));
    }

    /** The settings as submitted. */
    synchronized Settings settings() throws SettingsException {
        return load(record.map("settings"), sizes);
    }

    /** What the application is like with these settings. */
    synchronized Fitted fitted(Settings settings) {
        return fitted(AppSettings.of(settings), sizes);
    }

    private static Fitted fitted(AppSettings settings, ContainerSizes of) {
        long runners = settings.allocation().map(bounds -> (long) bounds.max()).orElse((long) of.containers());
        Optional<Allocation> allocation =
                settings.allocation().map(bounds -> new Allocation(bounds, of.slots(), of.containers()));
        AppSettings own = settings.withSlots((int) Math.min(Integer.MAX_VALUE, runners * of.slots()));
        return new Fitted(own, allocation, of.containers() * of.cores(), of.cores());
    }

    /** The user's settings; a worker spills at half its share of the container unless the user says when. */
    private static Settings load(Map<String, String> settings, ContainerSizes of) throws SettingsException {
        Map<String, String> all = new LinkedHashMap<>(settings);
        long share = (of.megabytes() - RUNNER_JVM_MEGABYTES) / of.slots();
        all.putIfAbsent("weft.python.worker.memory", Math.max(32, share / 2) + "m");
        return new SettingsLoader(Definitions.load()).program(all).load();
    }

    private Map<String, String> with(Map<String, String> program) {
        Map<String, String> all = new LinkedHashMap<>(record.map("settings"));
        all.putAll(program);
        return all;
    }

    @Override
    public synchronized Fitted fit(Map<String, String> program, boolean started) throws JobException {
        Map<String, String> all = with(program);
        try {
            ContainerSizes next = started ? sizes : ContainerSizes.of(all, UnaryOperator.identity());
            Optional<String> refusal = backend.largest().refuses(next, "None was asked for.", UnaryOperator.identity());
            if (refusal.isPresent()) {
                throw new JobException(JobFailure.of("E11", 5, "resources", refusal.get()));
            }
            Fitted fitted = fitted(AppSettings.of(load(all, next)), next);
            ofProgram = Map.copyOf(program);
            if (!next.equals(sizes)) {
                sizes = next;
                backend.startAgain(plan(next));
            }
            return fitted;
        } catch (SettingsException wrong) {
            throw new JobException(JobFailure.of("E17", 2, "user", wrong.getMessage(), wrong));
        }
    }

    @Override
    public synchronized boolean differ(Map<String, String> program) {
        try {
            return !ContainerSizes.of(with(program), UnaryOperator.identity()).equals(sizes);
        } catch (SettingsException wrong) {
            return true;
        }
    }
}
