package io.weft.runner.container;

import io.weft.runner.shuffle.ShuffleReader;
import io.weft.runner.task.MasterBlocks;
import io.weft.runner.worker.WorkerSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/**
 * Everything a {@link Runner} is told at its start.
 *
 * @param runner id of the runner, unique in the application
 * @param host name under which others on the network reach it
 * @param workers how Python is started, one worker a slot
 * @param locals the application's folder on each local disk; {@code output} and {@code weft-RUNNER} are made in them
 * @param limits memory, and where printed lines go
 * @param connections what it reads from and serves to
 */
public record RunnerConfig(
        String runner, String host, WorkerSettings workers, List<Path> locals, Limits limits, Connections connections) {
    public RunnerConfig {
        Objects.requireNonNull(runner, "runner is null");
        Objects.requireNonNull(host, "host is null");
        Objects.requireNonNull(workers, "workers is null");
        Objects.requireNonNull(limits, "limits is null");
        Objects.requireNonNull(connections, "connections is null");
        locals = List.copyOf(locals);
    }

    public String application() {
        return workers.application();
    }

    /**
     * Bounds.
     *
     * @param containerBytes RSS of the runner and all below it at which the largest worker is stopped; 0 for none
     * @param resultMemoryBytes results kept in memory before they go to files
     * @param forwardOutput printed lines become events; else they go to this process's own output
     * @param keepOutputs closing leaves the map outputs in place, for the node's mapreduce_shuffle
     */
    public record Limits(long containerBytes, long resultMemoryBytes, boolean forwardOutput, boolean keepOutputs) {
        public static final long DEFAULT_RESULT_MEMORY_BYTES = 16L << 20;

        /** Those of a runner in the ApplicationMaster's own process, local[N]. */
        public static Limits inProcess() {
            return new Limits(0, DEFAULT_RESULT_MEMORY_BYTES, true, false);
        }
    }

    /**
     * Who is on the other ends.
     *
     * @param secret the application's, for block servers
     * @param master the ApplicationMaster's blocks
     * @param serve whether to start a block server on {@link RunnerConfig#host}; not in local[N]
     * @param shufflePort port of the node's mapreduce_shuffle, 0 for none
     * @param shuffleService how to speak to mapreduce_shuffle
     * @param sealKey by which workers seal what they write to local disks, hexadecimal; "" for none
     * @param hadoop for inputs and outputs; asked when the first one needs it, since reading it takes long
     */
    public record Connections(
            byte[] secret,
            MasterBlocks master,
            boolean serve,
            int shufflePort,
            Optional<ShuffleReader.Service> shuffleService,
            String sealKey,
            Supplier<Configuration> hadoop) {
        public Connections {
            Objects.requireNonNull(secret, "secret is null");
            Objects.requireNonNull(master, "master is null");
            Objects.requireNonNull(shuffleService, "shuffleService is null");
            Objects.requireNonNull(sealKey, "sealKey is null");
            Objects.requireNonNull(hadoop, "hadoop is null");
        }
    }
}
