package io.weft.master.app;

import io.weft.master.backend.Backend;
import io.weft.master.backend.local.ChildRunner;
import io.weft.master.backend.local.LocalBackend;
import io.weft.master.backend.local.LocalClusterBackend;
import io.weft.master.config.AppSettings;
import io.weft.master.config.HadoopConf;
import io.weft.master.config.Master;
import io.weft.master.config.SettingsException;
import io.weft.master.gateway.StartLine;
import io.weft.master.results.ResultSource;
import io.weft.runner.container.RunnerConfig;
import io.weft.runner.rpc.ApplicationSecret;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.task.MasterBlocks;
import io.weft.runner.worker.WorkerSettings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Makes the backend of a local master string. */
final class LocalBackends {
    /**
     * {@code cores}: what slots are made of. {@code sealKey}: by which workers and the driver seal what may come to lie on disks; "" for
     * none.
     */
    record Made(Backend backend, ResultSource results, int slots, int cores, String sealKey) {}

    /** Where and for whom. */
    record Place(String application, StartLine line, AppSettings settings, LocalFolders folders) {}

    /** Nothing is served and nothing fetched; making a real one would cost the start 30 ms. */
    private static final byte[] NO_SECRET = new byte[32];

    private LocalBackends() {}

    /**
     * In local[N] a task that fails once fails its job, as with PySpark, unless somebody asked for more. The hosts of a local cluster
     * hold what its tasks persist, but no files: nobody waits for hosts that do.
     */
    static AppSettings adapt(AppSettings settings, Master master) {
        if (master instanceof Master.Local local) {
            return settings.withMaxFailures(
                    local.maxFailures().orElse(settings.maxFailures().orElse(1)));
        }
        return master instanceof Master.LocalCluster ? settings.withAllHostsThere() : settings;
    }

    static Made make(Place place, Master master, BlockStore blocks, HadoopConf hadoop) throws SettingsException {
        if (master instanceof Master.Local local) {
            int slots = place.settings().slots(local.slots(), "local[" + local.slots() + "]");
            RunnerConfig runner = runner(place, slots, blocks, hadoop);
            LocalBackend backend = new LocalBackend(runner);
            return new Made(
                    backend, backend, slots, local.slots(), runner.connections().sealKey());
        }
        if (master instanceof Master.LocalCluster cluster) {
            int initial = place.settings()
                    .allocation()
                    .map(bounds -> bounds.atMost(cluster.runners()).initial())
                    .orElse(cluster.runners());
            int slots = place.settings().slots(cluster.slots(), "each process of local-cluster");
            LocalClusterBackend backend = new LocalClusterBackend(
                    children(place, cluster, slots), cluster.runners(), initial, blocks, hadoop);
            String key = place.settings().worker().sealed() ? backend.sealKey() : "";
            return new Made(backend, backend, cluster.runners() * slots, cluster.runners() * cluster.slots(), key);
        }
        throw new IllegalArgumentException("not a local master: " + master);
    }

    /** How the number of a local cluster's runners follows the work, where it does. */
    static Optional<Allocation> allocation(AppSettings settings, Master master) {
        if (!(master instanceof Master.LocalCluster cluster)) {
            return Optional.empty();
        }
        int slots = Math.max(1, cluster.slots() / settings.worker().cpus());
        return settings.allocation()
                .map(bounds -> bounds.atMost(cluster.runners()))
                .map(bounds -> new Allocation(bounds, slots, bounds.initial()));
    }

    private static ChildRunner.Plan children(Place place, Master.LocalCluster cluster, int slots) {
        Map<String, String> settings = new LinkedHashMap<>();
        place.settings().worker().environment().forEach((name, value) -> settings.put("weft.env." + name, value));
        settings.put(
                "weft.io.encryption", Boolean.toString(place.settings().worker().sealed()));
        settings.put(
                "weft.python.worker.reuse",
                Boolean.toString(place.settings().worker().reuse()));
        place.settings().hadoop().forEach((name, value) -> settings.put("weft.hadoop." + name, value));
        place.line().hadoop().forEach((name, value) -> settings.put("weft.hadoop." + name, value));
        return new ChildRunner.Plan(
                place.application(),
                place.folders().main(),
                place.folders().data(),
                place.line().python().executable(),
                place.line().python().path(),
                settings,
                new ChildRunner.Plan.Size(slots, cluster.memoryBytes()));
    }

    private static RunnerConfig runner(Place place, int slots, BlockStore blocks, HadoopConf hadoop) {
        return new RunnerConfig(
                "local",
                "localhost",
                workers(place, slots),
                place.folders().data(),
                RunnerConfig.Limits.inProcess(),
                new RunnerConfig.Connections(
                        NO_SECRET,
                        MasterBlocks.inProcess(blocks),
                        false,
                        0,
                        Optional.empty(),
                        place.settings().worker().sealed()
                                ? ApplicationSecret.random(place.application()).sealKey()
                                : "",
                        hadoop::get));
    }

    private static WorkerSettings workers(Place place, int slots) {
        return new WorkerSettings(
                place.application(),
                slots,
                place.folders().main(),
                place.line().python().executable(),
                place.line().python().path(),
                place.settings().worker().environment(),
                place.settings().worker().reuse());
    }
}
