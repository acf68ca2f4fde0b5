package io.weft.runner.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class WorkerPoolTest {
    private static final String PYTHON =
            Path.of("src/test/resources/python").toAbsolutePath().toString();

    private Path folder;

    @BeforeEach
    void start() throws IOException {
        folder = Files.createTempDirectory("weft-pool-");
    }

    @AfterEach
    void end() throws IOException {
        Files.deleteIfExists(folder.resolve("s"));
        Files.deleteIfExists(folder);
    }

    @Test
    void keepsTheSocketForTheUserAlone() throws Exception {
        try (WorkerPool pool = pool("python3", Map.of(), 1)) {
            pool.take(0);
            assertEquals(
                    "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("s"))));
        }
    }

    @Test
    void givesASlotTheSameWorkerUntilItIsDiscarded() throws Exception {
        try (WorkerPool pool = pool("python3", Map.of(), 2)) {
            Worker first = pool.take(1);
            pool.release(first);
            assertEquals(first.pid(), pool.take(1).pid());
            pool.discard(first);
            Worker second = pool.take(1);
            assertNotEquals(first.pid(), second.pid());
            assertEquals(1, second.slot());
            assertTrue(first.awaitExit(5_000) instanceof WorkerExit.Status status && status.status() == -9);
        }
    }

    @Test
    void anAbandonedWorkerIsGoneForWhoWaitsForItAndItsSlotHasAnother() throws Exception {
        try (WorkerPool pool = pool("python3", Map.of(), 1)) {
            Worker first = pool.take(0);
            CompletableFuture<Boolean> gone = CompletableFuture.supplyAsync(() -> {
                try {
                    return first.receive().isEmpty();
                } catch (IOException e) {
                    return true;
                }
            });
            pool.abandon(first);
            Worker second = pool.take(0);
            assertNotEquals(first.pid(), second.pid());
            assertTrue(gone.get(10, TimeUnit.SECONDS));
            pool.discard(first);
            pool.release(second);
            assertEquals(second.pid(), pool.take(0).pid());
            assertTrue(first.awaitExit(5_000) instanceof WorkerExit.Status status && status.status() == -9);
        }
    }

    @Test
    void replacesAnIdleWorkerThatDies() throws Exception {
        try (WorkerPool pool = pool("python3", Map.of(), 1)) {
            Worker first = pool.take(0);
            pool.release(first);
            ProcessHandle.of(first.pid()).orElseThrow().destroyForcibly();
            assertTrue(first.awaitExit(5_000) instanceof WorkerExit.Status);
            assertNotEquals(first.pid(), pool.take(0).pid());
        }
    }

    @Test
    void saysWhyWorkersDoNotStart() throws Exception {
        try (WorkerPool pool = pool("python3", Map.of("TEST_WORKERS_DIE", "1"), 1)) {
            WorkerUnavailableException e = assertThrows(WorkerUnavailableException.class, () -> pool.take(0));
            assertTrue(e.getMessage().contains("ended with exit code 9"), e.getMessage());
            assertTrue(e.getMessage().contains("this worker cannot live"), e.getMessage());
        }
    }

    @Test
    void saysWhyTheForkServerDoesNotStart() throws Exception {
        WorkerSettings settings = new WorkerSettings(
                "local_1_1", 1, folder.resolve("s"), "python3", List.of(), Map.of("PYTHONPATH", ""), true);
        try (WorkerPool pool = new WorkerPool(settings, worker -> {})) {
            WorkerUnavailableException e = assertThrows(WorkerUnavailableException.class, () -> pool.take(0));
            assertTrue(e.getMessage().contains("No module named"), e.getMessage());
        }
    }

    @Test
    void namesTheInterpreterThatIsMissing() {
        WorkerUnavailableException e =
                assertThrows(WorkerUnavailableException.class, () -> pool("/no/such/python", Map.of(), 1)
                        .close());
        assertTrue(e.getMessage().contains("/no/such/python"), e.getMessage());
        assertTrue(e.getMessage().contains("WEFT_PYTHON"), e.getMessage());
    }

    @Test
    void startsTheForkServerAgainAFewTimesOnly() throws Exception {
        try (WorkerPool pool = pool("python3", Map.of(), 1)) {
            for (int i = 1; i < WorkerPool.MAX_STARTS; i++) {
                Worker worker = pool.take(0);
                ProcessHandle.of(pool.forkServerPid().orElseThrow())
                        .orElseThrow()
                        .destroyForcibly();
                assertTrue(worker.awaitExit(5_000) instanceof WorkerExit.ForkServerEnded);
                pool.discard(worker);
            }
            Worker last = pool.take(0);
            ProcessHandle.of(pool.forkServerPid().orElseThrow()).orElseThrow().destroyForcibly();
            assertTrue(last.awaitExit(5_000) instanceof WorkerExit.ForkServerEnded);
            pool.discard(last);
            WorkerUnavailableException e = assertThrows(WorkerUnavailableException.class, () -> pool.take(0));
            assertTrue(e.getMessage().contains("times in a minute"), e.getMessage());
        }
    }

    @Test
    void refusesASocketPathThatIsTooLong() {
        WorkerSettings settings = new WorkerSettings(
                "local_1_1", 1, folder.resolve("x".repeat(120)), "python3", List.of(PYTHON), Map.of(), true);
        IOException e = assertThrows(IOException.class, () -> new WorkerPool(settings, worker -> {}).close());
        assertTrue(e.getMessage().contains("106"), e.getMessage());
        assertFalse(Files.exists(folder.resolve("x".repeat(120))), "nothing is left behind");
    }

    @Test
    void ignoresStrangersOnTheSocket() throws Exception {
        try (WorkerPool pool = pool("python3", Map.of(), 1)) {
            for (String rubbish : List.of("GET / HTTP/1.1\r\n\r\n", "\0\0\0\2\20\0\0\0[]", "")) {
                try (SocketChannel stranger = SocketChannel.open(
                        java.net.UnixDomainSocketAddress.of(folder.resolve("s").resolve("w.sock")))) {
                    stranger.write(
                            java.nio.ByteBuffer.wrap(rubbish.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
                }
            }
            assertEquals(0, pool.take(0).slot());
        }
    }

    @Test
    void endsItsProcessesWhenClosed() throws Exception {
        WorkerPool pool = pool("python3", Map.of(), 3);
        List<ProcessHandle> python = new java.util.ArrayList<>();
        for (int slot = 0; slot < 3; slot++) {
            python.add(ProcessHandle.of(pool.take(slot).pid()).orElseThrow());
        }
        python.add(ProcessHandle.of(pool.forkServerPid().orElseThrow()).orElseThrow());
        pool.close();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (python.stream().anyMatch(ProcessHandle::isAlive)) {
            assertTrue(System.nanoTime() < end, "processes outlived their pool");
            Thread.onSpinWait();
        }
    }

    private WorkerPool pool(String python, Map<String, String> environment, int slots) throws IOException {
        return new WorkerPool(
                new WorkerSettings("local_1_1", slots, folder.resolve("s"), python, List.of(PYTHON), environment, true),
                worker -> {});
    }
}
