package io.weft.runner.task;

import io.weft.runner.worker.ProcessMemory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongUnaryOperator;

/**
 * Looks at the memory of running workers, counted as a NodeManager counts it, every {@link #PERIOD_MILLIS} while any are
 * watched. Stops a task whose worker passes its limit, and the largest one when the whole container passes its own. Shortly
 * before either, it asks that task to spill.
 */
public final class MemoryWatch implements AutoCloseable {
    private static final long PERIOD_MILLIS = 100;

    /** Periods between two requests to spill of one task. */
    private static final int PERIODS_TO_SPILL = 2;

    /** Periods of growth as in the last one that a task gets before its limit: the next look, and the end of its batch. */
    private static final int PERIODS_OF_GROWTH = 2;

    /** A task with a worker. */
    interface Watched {
        long pid();

        /** RSS in bytes at which it is stopped; 0 for none. */
        long limitBytes();

        /** Its worker's process tree holds {@code bytes} now. */
        void measured(long bytes);

        /** Ask it to write to disk what it can; comes again while memory stays short. */
        void askToSpill();

        /** Stop it: it holds {@code bytes}, more than {@code limit}. */
        void stop(long bytes, long limit);
    }

    private record Sample(Watched task, long bytes) {}

    /** RSS of this process and all its descendants at which the largest worker is stopped; 0 for none. */
    private final long containerBytes;

    private final long ownPid = ProcessHandle.current().pid();

    private final LongUnaryOperator treeBytes;

    /** All and only tasks that run now and have a limit of their own or of the container. Guarded by this object. */
    private final Set<Watched> watched = new LinkedHashSet<>();

    /** What is remembered of one task, or of the container, between two looks. Of the watching thread. */
    private static final class Past {
        private long bytes = Long.MAX_VALUE;
        private long asked = -PERIODS_TO_SPILL;

        /** Whether less than an eighth of the limit is left, or soon will be; takes note of {@code now}. */
        private boolean isNear(long now, long limit) {
            long growth = Math.max(0, now - bytes);
            bytes = now;
            return now + PERIODS_OF_GROWTH * growth > limit - limit / 8;
        }
    }

    /** Of the watching thread. */
    private final Map<Watched, Past> pasts = new HashMap<>();

    /** Of the watching thread. */
    private final Past containerPast = new Past();

    /** Of the watching thread. */
    private long periods;

    private boolean closed;

    public MemoryWatch(long containerBytes) {
        this(containerBytes, ProcessMemory::treeBytes);
    }

    /** {@code treeBytes}: what the process of a pid and all below it hold. */
    MemoryWatch(long containerBytes, LongUnaryOperator treeBytes) {
        this.containerBytes = containerBytes;
        this.treeBytes = treeBytes;
        Thread thread = new Thread(this::watchUntilClosed, "weft-memory");
        thread.setDaemon(true);
        thread.start();
    }

    synchronized void add(Watched task) {
        if (task.limitBytes() > 0 || containerBytes > 0) {
            watched.add(task);
            notifyAll();
        }
    }

    /** Whether it was watched until now. */
    synchronized boolean remove(Watched task) {
        return watched.remove(task);
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }

    private void watchUntilClosed() {
        try {
            for (List<Watched> tasks = next(); !tasks.isEmpty(); tasks = next()) {
                look(tasks);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Who is to be looked at now, one period after the last time; none when closed. */
    private synchronized List<Watched> next() throws InterruptedException {
        if (!closed && !watched.isEmpty()) {
            wait(PERIOD_MILLIS);
        }
        while (!closed && watched.isEmpty()) {
            wait();
        }
        return closed ? List.of() : new ArrayList<>(watched);
    }

    private void look(List<Watched> tasks) {
        List<Sample> within = new ArrayList<>();
        periods++;
        pasts.keySet().retainAll(tasks);
        for (Watched task : tasks) {
            long bytes = treeBytes.applyAsLong(task.pid());
            task.measured(bytes);
            if (task.limitBytes() > 0 && bytes > task.limitBytes()) {
                stop(task, bytes, task.limitBytes());
            } else {
                within.add(new Sample(task, bytes));
                if (task.limitBytes() > 0 && past(task).isNear(bytes, task.limitBytes())) {
                    ask(task);
                }
            }
        }
        if (containerBytes > 0 && within.size() == tasks.size()) {
            lookAtContainer(within);
        }
    }

    private void lookAtContainer(List<Sample> within) {
        long all = treeBytes.applyAsLong(ownPid);
        Optional<Sample> largest = within.stream().max(Comparator.comparingLong(Sample::bytes));
        if (all > containerBytes) {
            largest.ifPresent(found -> stop(found.task(), found.bytes(), containerBytes / within.size()));
        } else if (containerPast.isNear(all, containerBytes)) {
            largest.ifPresent(found -> ask(found.task()));
        }
    }

    private Past past(Watched task) {
        return pasts.computeIfAbsent(task, unknown -> new Past());
    }

    private void ask(Watched task) {
        Past past = past(task);
        if (periods - past.asked >= PERIODS_TO_SPILL) {
            past.asked = periods;
            task.askToSpill();
        }
    }

    private void stop(Watched task, long bytes, long limit) {
        if (remove(task)) {
            task.stop(bytes, limit);
        }
    }
}
