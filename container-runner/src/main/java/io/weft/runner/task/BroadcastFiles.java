package io.weft.runner.task;

import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.shuffle.BlockStore;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;

/**
 * The files of broadcasts on this node, for its workers to map. Each is fetched once, however many runners of the application are here:
 * they share a folder, and who fetches holds a lock. What has come is served to other runners while the rest still comes. Thread-safe.
 */
public final class BroadcastFiles {
    private static final long ANSWER_MILLIS = 60_000;
    private static final long LOCK_PAUSE_MILLIS = 20;
    private static final int LOCKS = 16;

    private final MasterBlocks master;
    private final BroadcastReader reader;
    private final BlockStore served;
    private final Path folder;
    private final IntConsumer ask;

    /** Broadcasts that are here or on their way. Guarded by this object, as all below. */
    private final Map<Integer, CompletableFuture<Path>> files = new HashMap<>();

    private final Map<Integer, CompletableFuture<RunnerCommand.BroadcastFrom>> asked = new HashMap<>();

    /**
     * Prepares the files of a node.
     *
     * @param served what other runners can read here
     * @param folder shared by the runners of a node; made when the first file comes
     * @param ask asks the ApplicationMaster from whom to read; it answers through {@link #answer}
     */
    public BroadcastFiles(
            MasterBlocks master, BroadcastReader reader, BlockStore served, Path folder, IntConsumer ask) {
        this.master = master;
        this.reader = reader;
        this.served = served;
        this.folder = folder;
        this.ask = ask;
    }

    /** The file of a broadcast, whole; waits until it has come. */
    Path path(int broadcast) throws IOException {
        Optional<Path> original = master.file(RunnerCommand.BroadcastFrom.block(broadcast));
        if (original.isPresent()) {
            return original.get();
        }
        CompletableFuture<Path> mine = new CompletableFuture<>();
        CompletableFuture<Path> found;
        synchronized (this) {
            found = files.get(broadcast);
            if (found == null || isRemoved(found)) {
                files.put(broadcast, mine);
                found = mine;
            }
        }
        if (found == mine) {
            fetchInto(mine, broadcast);
        }
        try {
            return found.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof BroadcastGoneException gone
                    ? gone
                    : new IOException(
                            "broadcast " + broadcast + " could not be fetched: "
                                    + e.getCause().getMessage(),
                            e.getCause());
        }
    }

    /** The ApplicationMaster says from whom to read. */
    public synchronized void answer(RunnerCommand.BroadcastFrom from) {
        CompletableFuture<RunnerCommand.BroadcastFrom> waiting = asked.remove(from.broadcast());
        if (waiting != null) {
            waiting.complete(from);
        }
    }

    /** Removes a broadcast from the node; workers that have mapped it keep it. */
    public void drop(int broadcast) {
        synchronized (this) {
            files.remove(broadcast);
        }
        served.release(RunnerCommand.BroadcastFrom.block(broadcast));
        TaskFolders.delete(whole(broadcast));
        TaskFolders.delete(part(broadcast));
    }

    /** Whether it was fetched, and another runner of the node has removed it since. */
    private static boolean isRemoved(CompletableFuture<Path> file) {
        return file.isDone() && !file.isCompletedExceptionally() && !Files.exists(file.join());
    }

    private void fetchInto(CompletableFuture<Path> future, int broadcast) {
        try {
            future.complete(fetch(broadcast));
        } catch (IOException | RuntimeException e) {
            synchronized (this) {
                files.remove(broadcast, future);
            }
            future.completeExceptionally(e);
        }
    }

    private Path fetch(int broadcast) throws IOException {
        Files.createDirectories(folder);
        Path whole = whole(broadcast);
        Path lockFile = folder.resolve("lock-" + broadcast % LOCKS);
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = lock(channel)) {
            if (!Files.exists(whole)) {
                download(askMaster(broadcast), whole, held);
            }
            return whole;
        }
    }

    /** Waits for whoever fetches on this node; the lock of a process that dies goes with it. */
    private static FileLock lock(FileChannel channel) throws IOException {
        while (true) {
            try {
                FileLock lock = channel.tryLock();
                if (lock != null) {
                    return lock;
                }
            } catch (OverlappingFileLockException e) {
                // another runner in this process fetches
            }
            BroadcastReader.pause(LOCK_PAUSE_MILLIS);
        }
    }

    private RunnerCommand.BroadcastFrom askMaster(int broadcast) throws IOException {
        CompletableFuture<RunnerCommand.BroadcastFrom> answer = new CompletableFuture<>();
        synchronized (this) {
            asked.put(broadcast, answer);
        }
        ask.accept(broadcast);
        try {
            return answer.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the runner is stopping", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException(
                    "the ApplicationMaster has not said for " + ANSWER_MILLIS / 1000 + " s where to read it", e);
        }
    }

    /** {@code held}: shows that the caller alone writes on this node. */
    private void download(RunnerCommand.BroadcastFrom from, Path whole, FileLock held) throws IOException {
        String block = RunnerCommand.BroadcastFrom.block(from.broadcast());
        if (from.length() < 0 || !held.isValid()) {
            throw new BroadcastGoneException(block);
        }
        Path part = part(from.broadcast());
        try (FileChannel file = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            reader.read(from, file, have -> served.link(block, part, have));
        } catch (IOException e) {
            served.release(block);
            throw e;
        }
        Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
        served.link(block, whole, from.length());
    }

    private Path whole(int broadcast) {
        return folder.resolve(RunnerCommand.BroadcastFrom.block(broadcast));
    }

    private Path part(int broadcast) {
        return folder.resolve(RunnerCommand.BroadcastFrom.block(broadcast) + ".part");
    }
}
