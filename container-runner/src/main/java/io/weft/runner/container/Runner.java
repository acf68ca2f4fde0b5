package io.weft.runner.container;

import io.weft.runner.files.FilesServer;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import io.weft.runner.protocol.TaskSpec;
import io.weft.runner.shuffle.BlockClient;
import io.weft.runner.shuffle.BlockServer;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.shuffle.MapOutputFiles;
import io.weft.runner.shuffle.ShuffleReader;
import io.weft.runner.task.BlobCache;
import io.weft.runner.task.BroadcastFiles;
import io.weft.runner.task.BroadcastReader;
import io.weft.runner.task.InputOpener;
import io.weft.runner.task.MasterBlocks;
import io.weft.runner.task.MemoryWatch;
import io.weft.runner.task.Sinks;
import io.weft.runner.task.TaskFolders;
import io.weft.runner.task.TaskReports;
import io.weft.runner.task.TaskRun;
import io.weft.runner.task.TaskServices;
import io.weft.runner.worker.Hello;
import io.weft.runner.worker.Worker;
import io.weft.runner.worker.WorkerPool;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * A container's slots and what they share. Commands come from one thread at a time, in order; events go out from many threads,
 * those of one attempt in order. The same in the ApplicationMaster's process (local[N]) and in a container of its own.
 */
public final class Runner implements AutoCloseable {
    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
    private static final int READ_TIMEOUT_MILLIS = 60_000;
    private static final long SLOT_END_MILLIS = 5_000;
    private static final long BROADCAST_STALL_MILLIS = 15_000;

    private final RunnerConfig config;
    private final Consumer<RunnerEvent> events;
    private final TaskFolders folders;
    private final ExecutorService threads;
    private final MapOutputFiles outputs;
    private final BlockStore results;
    private final ShuffleReader reader;
    private final SharedFiles files;
    private final BroadcastFiles broadcasts;
    private final ShuffleLists shuffles = new ShuffleLists();
    private final TaskServices services;
    private final HadoopVersions versions;
    private final WorkerPool workers;
    private final List<Slot> slots = new ArrayList<>();
    private final int blockPort;

    /** Attempts that were launched and have not ended. */
    private final Map<TaskAttemptId, TaskRun> running = new ConcurrentHashMap<>();

    /** What is closed at the end, the last opened first. */
    private final Deque<Closeable> open = new ArrayDeque<>();

    private final CompletableFuture<String> ended = new CompletableFuture<>();
    private boolean closed;

    /**
     * Makes the local folders, starts the block server and Python.
     *
     * @param events hears what happens; must not throw, and may wait when it cannot keep up
     */
    public Runner(RunnerConfig config, Consumer<RunnerEvent> events) throws IOException {
        this.config = config;
        this.events = events;
        this.folders = TaskFolders.create(config.locals(), config.runner());
        this.threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, "weft-feeder");
            thread.setDaemon(true);
            return thread;
        });
        RunnerConfig.Connections ends = config.connections();
        try {
            outputs = new MapOutputFiles(folders.output());
            results = new BlockStore(folders.results(), config.limits().resultMemoryBytes());
            open.push(results::close);
            BlockClient client = new BlockClient(ends.secret(), CONNECT_TIMEOUT_MILLIS, READ_TIMEOUT_MILLIS);
            open.push(client::close);
            reader = new ShuffleReader(
                    config.host(), client, ends.shuffleService().orElse(null));
            open.push(reader::close);
            blockPort = ends.serve() ? serve() : 0;
            MemoryWatch memory = new MemoryWatch(config.limits().containerBytes());
            open.push(memory::close);
            broadcasts = broadcastFiles(client);
            files = new SharedFiles(ends.master(), folders.files(), threads);
            services = new TaskServices(
                    config.application(),
                    folders,
                    new InputOpener(
                            ends.hadoop(),
                            ends.master(),
                            reader,
                            new BlobCache(ends.master(), folders.blobs()),
                            broadcasts),
                    new Sinks(
                            new Sinks.Address(config.runner(), config.host(), blockPort, ends.shufflePort()),
                            outputs,
                            results,
                            folders.output(),
                            ends.hadoop()),
                    memory,
                    new Reports(),
                    threads,
                    ends.sealKey());
            versions = new HadoopVersions(services, ends.hadoop());
            workers = new WorkerPool(config.workers(), this::tellRegistered);
            open.push(workers::close);
            open.push(serveFiles()::close);
        } catch (IOException | RuntimeException e) {
            closeAll();
            folders.deleteWork();
            throw e;
        }
        for (int slot = 0; slot < config.workers().slots(); slot++) {
            slots.add(new Slot(slot, workers, run -> running.remove(run.id(), run)));
        }
    }

    private BroadcastFiles broadcastFiles(BlockClient client) throws IOException {
        MasterBlocks master = config.connections().master();
        return new BroadcastFiles(
                master,
                new BroadcastReader(master, client::reader, BROADCAST_STALL_MILLIS),
                results,
                folders.broadcasts(),
                broadcast -> events.accept(new RunnerEvent.BroadcastWanted(broadcast, config.host(), blockPort())));
    }

    private int serve() throws IOException {
        BlockServer server =
                BlockServer.start(config.host(), config.connections().secret(), outputs, results);
        open.push(server::close);
        return server.port();
    }

    /** For the workers' weft.fs, beside their socket. */
    private FilesServer serveFiles() throws IOException {
        Path socket = config.workers().socketFolder().resolve("f.sock");
        return new FilesServer(socket, "", config.connections().hadoop());
    }

    /** Port of the block server, 0 when there is none. */
    public int blockPort() {
        return blockPort;
    }

    /** Results too large for a report, for an ApplicationMaster in the same process. */
    public BlockStore results() {
        return results;
    }

    /** Completes with the reason when {@link RunnerCommand.Shutdown} has come and the runner is closed. */
    public CompletableFuture<String> ended() {
        return ended.copy();
    }

    /** Takes one command; returns soon, whatever it starts. One that makes no sense is refused with a line on standard error. */
    public void handle(RunnerCommand command) {
        try {
            perform(command);
        } catch (ProtocolException e) {
            System.err.println("[weft] runner " + config.runner() + " refuses "
                    + command.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    private void perform(RunnerCommand command) {
        if (command instanceof RunnerCommand.Launch launch) {
            launch(launch);
        } else if (command instanceof RunnerCommand.Cancel cancel) {
            find(cancel.id()).ifPresent(TaskRun::cancel);
        } else if (command instanceof RunnerCommand.GrantCommit grant) {
            find(grant.id()).ifPresent(run -> run.decideCommit(true));
        } else if (command instanceof RunnerCommand.DenyCommit deny) {
            find(deny.id()).ifPresent(run -> run.decideCommit(false));
        } else if (command instanceof RunnerCommand.BarrierPassed passed) {
            for (TaskAttemptId id : passed.ids()) {
                find(id).ifPresent(run -> run.barriers().ifPresent(link -> link.pass(passed)));
            }
        } else if (command instanceof RunnerCommand.BarrierRefused refused) {
            for (TaskAttemptId id : refused.ids()) {
                find(id).ifPresent(run -> run.barriers().ifPresent(link -> link.refuse(refused)));
            }
        } else if (command instanceof RunnerCommand.ShuffleOutputs part) {
            shuffles.add(part);
        } else if (command instanceof RunnerCommand.DropShuffle drop) {
            reader.forget(shuffles.drop(drop.shuffle()));
            threads.execute(() -> outputs.drop(drop.shuffle()));
        } else if (command instanceof RunnerCommand.CopyKept copy) {
            threads.execute(() -> services.sinks()
                    .copy(copy.from(), reader)
                    .ifPresent(made -> events.accept(new RunnerEvent.KeptCopied(made))));
        } else if (command instanceof RunnerCommand.DropKept drop) {
            threads.execute(() -> outputs.drop(drop.id()));
        } else if (command instanceof RunnerCommand.HadoopSettings settings) {
            versions.add(settings);
        } else if (command instanceof RunnerCommand.ReleaseBlock release) {
            results.release(release.block());
        } else if (command instanceof RunnerCommand.AddFile file) {
            files.add(file);
        } else if (command instanceof RunnerCommand.BroadcastFrom from) {
            broadcasts.answer(from);
        } else if (command instanceof RunnerCommand.DropBroadcast drop) {
            threads.execute(() -> broadcasts.drop(drop.broadcast()));
        } else if (command instanceof RunnerCommand.Shutdown shutdown) {
            Thread closing = new Thread(
                    () -> {
                        close();
                        ended.complete(shutdown.reason());
                    },
                    "weft-shutdown");
            closing.start();
        }
    }

    /** Kills the workers, removes what is left, and ends; running attempts are cancelled. Events may still come until then. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        running.values().forEach(TaskRun::cancel);
        workers.close();
        slots.forEach(slot -> slot.close(SLOT_END_MILLIS));
        closeAll();
        threads.shutdownNow();
        if (!config.limits().keepOutputs()) {
            outputs.dropAll();
        }
        folders.deleteWork();
    }

    private void closeAll() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (IOException e) {
                System.err.println("[weft] closing runner " + config.runner() + ": " + e);
            }
        }
    }

    private void launch(RunnerCommand.Launch launch) {
        TaskSpec task = launch.task();
        Map<Integer, List<MapOutput>> read = new HashMap<>();
        TaskServices shared;
        try {
            shared = versions.services(launch.hadoop());
            for (int stream = 0; stream < task.inputs().size(); stream++) {
                if (task.inputs().get(stream) instanceof InputSpec.Shuffle input) {
                    read.put(stream, shuffles.of(input));
                } else if (task.inputs().get(stream) instanceof InputSpec.Cached input) {
                    read.put(stream, input.kept());
                }
            }
        } catch (ProtocolException e) {
            TaskFailure failure = new TaskFailure(FailureKind.INTERNAL, "", e.getMessage(), "", new byte[0], "");
            events.accept(new RunnerEvent.TaskFailed(task.id(), failure));
            return;
        }
        TaskRun run = new TaskRun(task, read, files.ready(), shared);
        running.put(task.id(), run);
        slots.get(launch.slot()).launch(run);
    }

    private Optional<TaskRun> find(TaskAttemptId id) {
        return Optional.ofNullable(running.get(id));
    }

    private void tellRegistered(Worker worker) {
        Hello hello = worker.hello();
        events.accept(new RunnerEvent.WorkerRegistered(
                hello.slot(),
                hello.pid(),
                hello.python(),
                hello.implementation(),
                hello.hashAlgorithm(),
                hello.compiled()));
    }

    /** Passes events on, and printed lines by the way that the configuration says. */
    private final class Reports implements TaskReports {
        @Override
        public void event(RunnerEvent event) {
            events.accept(event);
        }

        @Override
        public void printed(TaskAttemptId id, boolean error, List<String> lines) {
            if (config.limits().forwardOutput()) {
                events.accept(new RunnerEvent.Printed(id, error, lines));
                return;
            }
            print(id, error, lines);
        }

        /** The driver has them with the failure; elsewhere they belong into the container's log. */
        @Override
        public void fault(TaskAttemptId id, List<String> lines) {
            if (!config.limits().forwardOutput()) {
                print(id, true, lines);
            }
        }

        private static void print(TaskAttemptId id, boolean error, List<String> lines) {
            String prefix = "[stage " + id.stage() + " task " + id.partition() + "] ";
            StringBuilder text = new StringBuilder();
            lines.forEach(line -> text.append(prefix).append(line).append('\n'));
            (error ? System.err : System.out).print(text);
            (error ? System.err : System.out).flush();
        }
    }
}
