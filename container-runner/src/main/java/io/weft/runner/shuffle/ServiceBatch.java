package io.weft.runner.shuffle;

import io.weft.runner.protocol.MapOutput;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The same partition of several maps of one host, asked of its mapreduce_shuffle at once and read into memory as far as may be read
 * ahead. Whoever needs one of the parts first fetches them all; a part that is not there then is to be fetched by itself, which also
 * finds out which of them the service cannot serve. Thread-safe.
 */
final class ServiceBatch implements Closeable {
    /** What the parts may be expected to have together. */
    private static final long MAX_BYTES = 4L << 20;

    private final ServiceClient service;
    private final AheadBudget ahead;
    private final List<MapOutput> outputs = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private final FutureTask<Map<Part, byte[]>> fetch = new FutureTask<>(this::fetch);
    private int idsBytes;
    private long expectedBytes;

    private volatile boolean closed;
    private volatile ServiceClient.Batch open;

    ServiceBatch(ServiceClient service, AheadBudget ahead) {
        this.service = service;
        this.ahead = ahead;
    }

    /** Adds a part, before the first is taken; false when it does not belong here or there is no room. */
    boolean add(MapOutput output, Part part) {
        int idBytes = output.id().folder().length() + 1;
        long bytes = output.bytes() / Math.max(1, output.partitions());
        boolean fits = part.to() - part.from() == 1
                && parts.size() < ServiceClient.MAX_MAPS
                && idsBytes + idBytes <= ServiceClient.MAX_IDS_BYTES
                && expectedBytes + bytes <= MAX_BYTES;
        boolean same = parts.isEmpty()
                || (part.from() == parts.get(0).from()
                        && output.shufflePort() == outputs.get(0).shufflePort()
                        && output.host().equals(outputs.get(0).host()));
        if (!fits || !same) {
            return false;
        }
        outputs.add(output);
        parts.add(part);
        idsBytes += idBytes;
        expectedBytes += bytes;
        return true;
    }

    int size() {
        return parts.size();
    }

    /** The bytes of a part that was added, which are reserved of what may be read ahead; empty when it could not be had this way. */
    Optional<byte[]> take(Part part) {
        fetch.run();
        try {
            Map<Part, byte[]> found = fetch.get();
            synchronized (found) {
                return Optional.ofNullable(found.remove(part));
            }
        } catch (ExecutionException failed) {
            return Optional.empty();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        closed = true;
        ServiceClient.Batch reading = open;
        if (reading != null) {
            reading.close();
        }
    }

    private Map<Part, byte[]> fetch() {
        Map<Part, byte[]> found = new HashMap<>();
        List<String> ids = outputs.stream().map(output -> output.id().folder()).toList();
        try (ServiceClient.Batch batch = service.openBatch(
                outputs.get(0).host(),
                outputs.get(0).shufflePort(),
                ids,
                parts.get(0).from())) {
            open = batch;
            for (Part part : parts) {
                long length = batch.nextMap();
                if (closed || !ahead.reserve(length)) {
                    return found;
                }
                byte[] bytes = new byte[(int) length];
                batch.read(bytes);
                found.put(part, bytes);
            }
            batch.done();
        } catch (IOException unavailable) {
            // what is missing is asked for by itself, and why it cannot be had is said then
        }
        return found;
    }
}
