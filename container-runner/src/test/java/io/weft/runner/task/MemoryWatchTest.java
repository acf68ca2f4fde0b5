package io.weft.runner.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
        private final CountDownLatch askedFirst = new CountDownLatch(1);
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
            askedFirst.countDown();
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
        try (MemoryWatch watch = new MemoryWatch(0, pid -> 940)) {
            Task near = new Task(1, 1000);
            Task far = new Task(2, 1200);
            watch.add(near);
            watch.add(far);
            assertTrue(near.asked.await(20, TimeUnit.SECONDS));
            assertTrue(far.measured.await(20, TimeUnit.SECONDS));
            assertEquals(0, near.stops.get());
            assertEquals(0, far.asks.get());
        }
    }

    @Test
    void asksATaskToSpillThatWillBeAtItsLimitSoonIfItGrowsOn() throws Exception {
        AtomicLong memory = new AtomicLong();
        // 100 a look, from 100 to 400: far from seven eighths of 1,000, which it would reach at the third look from
        // then.
        try (MemoryWatch watch = new MemoryWatch(0, pid -> Math.min(400, memory.addAndGet(100)))) {
            Task far = new Task(1, 1000);
            watch.add(far);
            assertTrue(far.measured.await(20, TimeUnit.SECONDS));
            assertEquals(0, far.asks.get());
        }
        memory.set(0);
        try (MemoryWatch watch = new MemoryWatch(0, pid -> Math.min(600, memory.addAndGet(200)))) {
            Task soon = new Task(1, 1000);
            watch.add(soon);
            assertTrue(soon.askedFirst.await(20, TimeUnit.SECONDS));
            assertEquals(0, soon.stops.get());
        }
    }

    @Test
    void asksTheLargestTaskToSpillWhenTheContainerIsNearItsLimit() throws Exception {
        long own = ProcessHandle.current().pid();
        try (MemoryWatch watch = new MemoryWatch(1000, pid -> pid == own ? 940 : 10 * pid)) {
            Task small = new Task(own + 1, 0);
            Task large = new Task(own + 2, 0);
            watch.add(small);
            watch.add(large);
            assertTrue(large.asked.await(20, TimeUnit.SECONDS));
            assertEquals(0, large.stops.get());
        }
    }

    @Test
    void leavesATaskAloneThatIsOver() throws Exception {
        AtomicLong memory = new AtomicLong();
        try (MemoryWatch watch = new MemoryWatch(0, pid -> memory.get())) {
            Task gone = new Task(1, 1000);
            Task running = new Task(2, 1L << 50);
            watch.add(gone);
            watch.remove(gone);
            memory.set(2000);
            watch.add(running);
            assertTrue(running.measured.await(20, TimeUnit.SECONDS));
            assertEquals(0, gone.stops.get());
        }
    }
}
