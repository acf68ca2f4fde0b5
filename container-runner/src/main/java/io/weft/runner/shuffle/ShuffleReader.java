package io.weft.runner.shuffle;

import io.weft.runner.protocol.MapOutput;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Opens shuffle inputs for the tasks of one runner, and holds what they share: indexes, connections, fetching threads. Thread-safe. */
public final class ShuffleReader implements Closeable {
    /**
     * How YARN's mapreduce_shuffle is spoken to.
     *
     * @param job JobID of the application, such as job_1715_0042
     * @param key the HMAC key given to the service
     * @param algorithm JCA name of the HMAC, such as HmacSHA1 (hadoop.security.secret-manager.key-generator.algorithm)
     */
    public record Service(String job, byte[] key, String algorithm) {
        public Service {
            Objects.requireNonNull(job, "job is null");
            Objects.requireNonNull(algorithm, "algorithm is null");
            key = key.clone();
        }
    }

    private static final int MAX_THREADS = 16;
    private static final long MAX_AHEAD_BYTES = 64L << 20;
    private static final long MAX_INDEX_CACHE_BYTES = 32L << 20;
    /** How long a server that could not be reached is not tried again. */
    private static final long AVOID_NANOS = 60_000_000_000L;

    private final String host;
    private final BlockClient client;
    private final Optional<ServiceClient> service;
    private final IndexCache indexes =
            new IndexCache(Math.min(MAX_INDEX_CACHE_BYTES, Runtime.getRuntime().maxMemory() / 12));
    private final ThreadPoolExecutor fetchers;
    /** Bytes that all inputs together may still read ahead. */
    private final AtomicLong aheadBytes =
            new AtomicLong(Math.min(MAX_AHEAD_BYTES, Runtime.getRuntime().maxMemory() / 6));

    /** By "host:port" of block servers that could not be reached: until when they are avoided. */
    private final Map<String, Long> avoidedUntilNanos = new ConcurrentHashMap<>();

    /** {@code host}: this runner's host, as its own MapOutputs name it; {@code service}: null where the cluster has none. */
    public ShuffleReader(String host, BlockClient client, Service service) {
        this.host = Objects.requireNonNull(host, "host is null");
        this.client = Objects.requireNonNull(client, "client is null");
        this.service = Optional.ofNullable(service).map(ServiceClient::new);
        AtomicInteger made = new AtomicInteger();
        this.fetchers = new ThreadPoolExecutor(
                MAX_THREADS, MAX_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), runnable -> {
                    Thread thread = new Thread(runnable, "shuffle-fetch-" + made.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        fetchers.allowCoreThreadTimeOut(true);
    }

    /** {@code outputs}: of all maps, by map number. Parts are delivered in the order given. */
    public ShuffleInput open(List<MapOutput> outputs, List<Part> parts) {
        return new ShuffleInput(this, outputs, parts);
    }

    /** Outputs that are the same thing, those of this host first. */
    public List<MapOutput> nearestFirst(List<MapOutput> outputs) {
        return outputs.stream()
                .sorted(Comparator.comparing(output -> !output.host().equals(host)))
                .toList();
    }

    @Override
    public void close() {
        fetchers.shutdownNow();
        service.ifPresent(ServiceClient::close);
    }

    AheadBudget aheadBudget(long maxBytes) {
        return new AheadBudget(maxBytes, aheadBytes);
    }

    /** Bytes that inputs may read ahead now. */
    long aheadBytesLeft() {
        return aheadBytes.get();
    }

    Executor fetchers() {
        return fetchers;
    }

    BlockClient client() {
        return client;
    }

    Optional<ServiceClient> service() {
        return service;
    }

    /** The index of an output whose files this host holds, or empty when they cannot be read here. */
    Optional<MapOutputIndex> localIndex(MapOutput output) {
        if (!output.host().equals(host)) {
            return Optional.empty();
        }
        try {
            return Optional.of(indexes.read(Path.of(output.path())));
        } catch (IOException e) {
            System.getLogger(ShuffleReader.class.getName())
                    .log(
                            System.Logger.Level.INFO,
                            () -> "map output " + output.id().folder() + " cannot be read on its own host: " + e);
            return Optional.empty();
        }
    }

    /** Nobody will read these outputs again. */
    public void forget(List<MapOutput> outputs) {
        outputs.forEach(output -> indexes.forget(Path.of(output.path())));
    }

    boolean isAvoided(MapOutput output) {
        Long until = avoidedUntilNanos.get(address(output));
        return until != null && until - System.nanoTime() > 0;
    }

    void avoid(MapOutput output) {
        avoidedUntilNanos.put(address(output), System.nanoTime() + AVOID_NANOS);
    }

    static String address(MapOutput output) {
        return output.host() + ":" + output.blockPort();
    }
}
