package io.weft.runner.worker;

import io.weft.runner.worker.Registrar.Arrival;
import io.weft.runner.worker.Registrar.Role;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor.DiscardPolicy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One worker for each slot, forked ahead and replaced when it dies or is discarded; the fork server too is started again when
 * it ends, up to {@link #MAX_STARTS} times in {@link #START_WINDOW_NANOS}. Thread-safe; a slot is served to one thread at a
 * time. Invariant: a slot has at most one registered worker that is neither dead nor discarded.
 */
public final class WorkerPool implements AutoCloseable {
    static final int MAX_STARTS = 5;
    static final long START_WINDOW_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long REGISTER_MILLIS = 30_000;
    private static final int MAX_FAILED_FORKS = 3;

    /** How the last fork server ended. Guarded by this object. */
    private String lastEnd = "";

    /** What is known of one slot. Guarded by the pool. */
    private static final class Seat {
        /** The slot's worker, now or as soon as it has registered. */
        private CompletableFuture<Worker> worker = new CompletableFuture<>();

        /** Pid that was forked for {@link #worker} and has not registered yet. */
        private OptionalInt forked = OptionalInt.empty();

        /** Forks in a row that died before they registered. */
        private int failedForks;

        private boolean taken;
    }

    private final WorkerSettings settings;
    private final Consumer<Worker> registered;
    private final OutputPump pump;
    private final Registrar registrar;
    private final Seat[] seats;

    /** In the environment of every process that descends from this pool. */
    private final String mark = UUID.randomUUID().toString();

    /** Looks for leftovers of dead workers, one search at a time; one that waits serves all deaths before it. */
    private final ThreadPoolExecutor searcher = new ThreadPoolExecutor(
            0, 1, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1), WorkerPool::searcherThread, new DiscardPolicy());

    /** All and only workers that have registered and whose end is not known yet, by pid. */
    private final Map<Integer, Worker> workers = new HashMap<>();

    /** When the fork server was started, youngest last, those of the last {@link #START_WINDOW_NANOS}. */
    private final Deque<Long> starts = new ArrayDeque<>();

    private ForkServer server;
    private boolean closed;

    /** Starts Python and forks a worker for each slot; {@code registered} hears of each worker before it is given out. */
    public WorkerPool(WorkerSettings settings, Consumer<Worker> registered) throws IOException {
        this.settings = settings;
        this.registered = registered;
        this.seats = new Seat[settings.slots()];
        for (int slot = 0; slot < seats.length; slot++) {
            seats[slot] = new Seat();
        }
        this.registrar = new Registrar(settings.socketFolder(), this::arrived);
        this.pump = new OutputPump();
        try {
            synchronized (this) {
                startServer();
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /**
     * The worker of {@code slot}, which is the caller's until {@link #release} or {@link #discard}.
     *
     * @throws WorkerUnavailableException when Python does not start, or not in time
     */
    public Worker take(int slot) throws IOException, InterruptedException {
        CompletableFuture<Worker> wanted;
        synchronized (this) {
            Seat seat = seats[slot];
            if (seat.worker.isCompletedExceptionally()) {
                seat.worker = new CompletableFuture<>();
                seat.failedForks = 0;
                fork(slot);
            }
            seat.taken = true;
            wanted = seat.worker;
        }
        try {
            return wanted.get(REGISTER_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw giveUp(slot);
        } catch (ExecutionException e) {
            throw new WorkerUnavailableException(e.getCause().getMessage());
        }
    }

    /** Whether a worker may serve one task after another. */
    public boolean reuses() {
        return settings.reuse();
    }

    /** The worker's task is over and it can serve another. */
    public void release(Worker worker) {
        synchronized (this) {
            seats[worker.slot()].taken = false;
            if (isSeated(worker)) {
                return;
            }
        }
        worker.close();
    }

    /**
     * Kills the worker at once; its successor is on its way when this returns. For any thread: the one that waits for the worker's
     * next frame finds that it has gone, and discards it.
     */
    public void abandon(Worker worker) {
        worker.kill();
        synchronized (this) {
            if (isSeated(worker)) {
                renew(worker.slot());
            }
        }
        worker.hangUp();
    }

    /** Kills the worker at once; its successor is on its way when this returns. */
    public void discard(Worker worker) {
        worker.kill();
        synchronized (this) {
            seats[worker.slot()].taken = false;
            if (isSeated(worker)) {
                renew(worker.slot());
            }
        }
        worker.close();
    }

    /** Kills all workers and ends the fork server. */
    @Override
    public void close() {
        ForkServer last;
        List<Worker> left;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            last = server;
            left = new ArrayList<>(workers.values());
            for (Seat seat : seats) {
                seat.worker.completeExceptionally(new WorkerUnavailableException("the runner has ended"));
            }
        }
        left.forEach(Worker::kill);
        if (last != null) {
            last.close();
        }
        left.forEach(Worker::close);
        searcher.shutdownNow();
        Leftovers.kill(mark, () -> 0, pid -> false);
        registrar.close();
        Quiet.run(pump::close);
    }

    /** Pid of the fork server that runs now, if one does. */
    public synchronized OptionalInt forkServerPid() {
        return server == null ? OptionalInt.empty() : OptionalInt.of((int) server.pid());
    }

    private static Thread searcherThread(Runnable search) {
        Thread thread = new Thread(search, "weft-leftovers");
        thread.setDaemon(true);
        return thread;
    }

    private void killLeftovers() {
        Leftovers.kill(mark, () -> forkServerPid().orElse(0), pid -> isRegistered((int) pid));
    }

    private synchronized boolean isRegistered(int pid) {
        return workers.containsKey(pid);
    }

    private synchronized void askToSpill(int pid) {
        if (server != null && workers.containsKey(pid)) {
            server.spill(pid);
        }
    }

    private WorkerUnavailableException giveUp(int slot) {
        ForkServer silent = null;
        String who;
        synchronized (this) {
            OptionalInt pid = seats[slot].forked;
            who = pid.isPresent() ? "worker " + pid.getAsInt() : "the fork server";
            if (pid.isPresent() && server != null) {
                server.kill(pid.getAsInt());
            } else {
                silent = server;
            }
        }
        if (silent != null) {
            silent.destroy();
        }
        return new WorkerUnavailableException("Python is not ready for slot " + slot + ": " + who
                + " has not answered for " + REGISTER_MILLIS / 1000 + " s");
    }

    private void startServer() throws IOException {
        long now = System.nanoTime();
        while (!starts.isEmpty() && now - starts.peekFirst() > START_WINDOW_NANOS) {
            starts.removeFirst();
        }
        if (starts.size() >= MAX_STARTS) {
            throw new WorkerUnavailableException(settings.python() + " ended " + starts.size()
                    + " times in a minute before it could serve; it said last: " + lastLine(lastEnd));
        }
        starts.addLast(now);
        server = ForkServer.start(settings, registrar.socket(), mark, new Children());
        for (int slot = 0; slot < seats.length; slot++) {
            if (!seats[slot].worker.isDone()) {
                server.fork(slot);
            }
        }
    }

    /** Has a worker forked for the slot; without a fork server one is started, which forks for all slots that wait. */
    private void fork(int slot) {
        seats[slot].forked = OptionalInt.empty();
        if (closed) {
            seats[slot].worker.completeExceptionally(new WorkerUnavailableException("the runner has ended"));
            return;
        }
        if (server != null) {
            server.fork(slot);
            return;
        }
        try {
            startServer();
        } catch (IOException e) {
            failAll(e.getMessage());
        }
    }

    private static String lastLine(String text) {
        String stripped = text.strip();
        return stripped.substring(stripped.lastIndexOf('\n') + 1);
    }

    private void failAll(String reason) {
        for (Seat seat : seats) {
            seat.worker.completeExceptionally(new WorkerUnavailableException(reason));
        }
    }

    private void renew(int slot) {
        seats[slot].worker = new CompletableFuture<>();
        seats[slot].failedForks = 0;
        fork(slot);
    }

    private boolean isSeated(Worker worker) {
        CompletableFuture<Worker> seated = seats[worker.slot()].worker;
        return seated.isDone() && !seated.isCompletedExceptionally() && seated.join() == worker;
    }

    private void arrived(Arrival arrival) {
        Worker worker;
        try {
            worker = worker(arrival);
        } catch (IOException e) {
            arrival.close();
            return;
        }
        int slot = worker.slot();
        boolean unexpected;
        synchronized (this) {
            unexpected = closed || slot < 0 || slot >= seats.length || seats[slot].worker.isDone();
            if (!unexpected) {
                workers.put(worker.pid(), worker);
                seats[slot].failedForks = 0;
                seats[slot].forked = OptionalInt.empty();
            }
        }
        if (unexpected) {
            worker.kill();
            worker.close();
            return;
        }
        registered.accept(worker);
        synchronized (this) {
            if (workers.get(worker.pid()) == worker) {
                seats[slot].worker.complete(worker);
            } else if (!seats[slot].worker.isDone()) {
                fork(slot);
            }
        }
    }

    private Worker worker(Arrival arrival) throws IOException {
        Hello hello = arrival.hello();
        arrival.channels().get(Role.CONTROL).setOption(StandardSocketOptions.SO_SNDBUF, Frame.MAX_BULK_BYTES);
        String prefix = "[worker " + hello.pid() + " slot " + hello.slot() + "] ";
        WorkerOutput output = new WorkerOutput(
                pump,
                arrival.channels().get(Role.STDOUT),
                arrival.channels().get(Role.STDERR),
                (error, lines) -> lines.forEach(line -> System.err.println(prefix + line)));
        return new Worker(hello, arrival.channels().get(Role.CONTROL), output, () -> askToSpill(hello.pid()));
    }

    /** Hears what becomes of the fork server and its children. */
    private final class Children implements ForkServer.Listener {
        @Override
        public void forked(ForkServer from, int pid, int slot) {
            synchronized (WorkerPool.this) {
                if (slot >= 0 && slot < seats.length && !workers.containsKey(pid)) {
                    seats[slot].forked = OptionalInt.of(pid);
                }
            }
        }

        @Override
        public void died(ForkServer from, int pid, int slot, int status) {
            registrar.forget(pid);
            Worker gone;
            boolean idle;
            synchronized (WorkerPool.this) {
                gone = workers.remove(pid);
                idle = gone != null && isSeated(gone) && !seats[gone.slot()].taken;
                if (gone != null && isSeated(gone)) {
                    renew(gone.slot());
                } else if (gone == null && slot >= 0 && slot < seats.length && !seats[slot].worker.isDone()) {
                    forkFailed(from, slot, new WorkerExit.Status(status));
                }
            }
            if (gone != null) {
                gone.ended(new WorkerExit.Status(status));
                searcher.execute(WorkerPool.this::killLeftovers);
            }
            if (idle) {
                gone.close();
            }
        }

        @Override
        public void ended(ForkServer from, String reason) {
            synchronized (WorkerPool.this) {
                lastEnd = reason;
            }
            List<Worker> gone;
            List<Worker> idle = new ArrayList<>();
            synchronized (WorkerPool.this) {
                server = null;
                gone = new ArrayList<>(workers.values());
                workers.clear();
                for (Seat seat : seats) {
                    if (seat.worker.isDone() && !seat.worker.isCompletedExceptionally()) {
                        if (!seat.taken) {
                            idle.add(seat.worker.join());
                        }
                        seat.worker = new CompletableFuture<>();
                    }
                    seat.forked = OptionalInt.empty();
                }
                restart();
            }
            gone.forEach(Worker::kill);
            gone.forEach(worker -> worker.ended(new WorkerExit.ForkServerEnded(reason)));
            idle.forEach(Worker::close);
            searcher.execute(WorkerPool.this::killLeftovers);
        }

        private void restart() {
            if (closed) {
                return;
            }
            try {
                startServer();
            } catch (IOException e) {
                failAll(e.getMessage());
            }
        }

        private void forkFailed(ForkServer from, int slot, WorkerExit.Status status) {
            Seat seat = seats[slot];
            seat.failedForks++;
            if (seat.failedForks < MAX_FAILED_FORKS) {
                fork(slot);
            } else {
                seat.worker.completeExceptionally(
                        new WorkerUnavailableException("Python workers do not start: the last of " + MAX_FAILED_FORKS
                                + " ended with " + status + "\n" + from.errorTail()));
            }
        }
    }
}
