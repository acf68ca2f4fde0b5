package io.weft.runner.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.worker.ProcessMemory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class MemoryWatchTest {
    /** A task whose worker is this very process, unless another one is given. */
    private static final class Task implements MemoryWatch.Watched {
        private final long pid;
        private final long limit;
        private final CountDownLatch measured = new CountDownLatch(3);
        private final CountDownLatch stopped = new CountDownLatch(1);
        private final CountDownLatch asked = new CountDownLatch(2);
        private final AtomicLong stops = new AtomicLong();
        private final AtomicLong asks = new AtomicLong();

        Task(long limit) {
            this(ProcessHandle.current().pid(), limit);
        }

        Task(long pid, long limit) {
            this.pid = pid;
            this.limit = limit;
        }

        @Override
        public long pid() {
            return pid;
        }

        @Override
        public long limitBytes() {
            return limit;
        }

        @Override
        public void measured(long bytes) {
            assertTrue(pid != ProcessHandle.current().pid() || bytes > 10 << 20, "a JVM has more than 10 MiB");
            measured.countDown();
        }

        @Override
        public void askToSpill() {
            asks.incrementAndGet();
            asked.countDown();
        }

        @Override
        public void stop(long bytes, long limit) {
            stops.incrementAndGet();
            stopped.countDown();
        }
    }

    @Test
    void stopsATaskOverItsOwnLimitOnce() throws Exception {
        try (MemoryWatch watch = new MemoryWatch(0)) {
            Task over = new Task(1 << 20);
            Task within = new Task(1L << 50);
            watch.add(over);
            watch.add(within);
            assertTrue(over.stopped.await(20, TimeUnit.SECONDS));
            assertTrue(within.measured.await(20, TimeUnit.SECONDS));
            assertEquals(1, over.stops.get());
            assertEquals(0, within.stops.get());
        }
    }

    @Test
    void stopsATaskWhenTheContainerIsOverItsLimit() throws Exception {
        try (MemoryWatch watch = new MemoryWatch(1 << 20)) {
            Task task = new Task(0);
            watch.add(task);
            assertTrue(task.stopped.await(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void asksToSpillAgainAndAgainBeforeTheLimitAndStopsNobody() throws Exception {
        // A process that neither grows nor shrinks: it has echoed a line, and waits for another.
        Process still = new ProcessBuilder("cat").start();
        still.outputWriter().append('\n').flush();
        assertEquals("", still.inputReader().readLine());
        long now = ProcessMemory.treeBytes(still.pid());
        try (MemoryWatch watch = new MemoryWatch(0)) {
            Task near = new Task(still.pid(), now + now / 16);
            Task far = new Task(still.pid(), now + now / 4);
            watch.add(near);
            watch.add(far);
            assertTrue(near.asked.await(20, TimeUnit.SECONDS));
            assertEquals(0, near.stops.get());
            assertEquals(0, far.asks.get());
        } finally {
            still.destroyForcibly();
        }
    }

    @Test
    void asksTheLargestTaskToSpillWhenTheContainerIsNearItsLimit() throws Exception {
        long now = ProcessMemory.treeBytes(ProcessHandle.current().pid());
        try (MemoryWatch watch = new MemoryWatch(now + now / 9)) {
            Task task = new Task(0);
            watch.add(task);
            assertTrue(task.asked.await(20, TimeUnit.SECONDS));
            assertEquals(0, task.stops.get());
        }
    }

    @Test
    void leavesATaskAloneThatIsOver() throws Exception {
        try (MemoryWatch watch = new MemoryWatch(0)) {
            Task gone = new Task(1 << 20);
            Task running = new Task(1L << 50);
            watch.add(gone);
            watch.remove(gone);
            watch.add(running);
            assertTrue(running.measured.await(20, TimeUnit.SECONDS));
            assertEquals(0, gone.stops.get());
        }
    }
}
