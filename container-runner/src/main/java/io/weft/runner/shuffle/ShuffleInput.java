package io.weft.runner.shuffle;

import io.weft.runner.input.InputSource;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The parts of one shuffle that one task asked for, in the order asked. Parts of this host come as {@link InputSource.LocalPart}s. Others
 * are fetched: the next {@value #AHEAD_PARTS} are asked for ahead, and those that fit into {@value #AHEAD_BYTES} bytes together are
 * read ahead (less when the runner's
 * inputs hold much together); a larger one is streamed when its turn has come. Empty parts give no item. {@link #next()} throws
 * {@link FetchFailedException} when a map is lost.
 */
public final class ShuffleInput implements InputSource {
    private static final int AHEAD_PARTS = 8;
    private static final long AHEAD_BYTES = 8L << 20;
    private static final int PIECE_BYTES = 1 << 20;

    /** How far ahead parts are looked at that the same node serves. */
    private static final int BATCH_PARTS = 200;

    /** A part that is fetched: all of its bytes, or the stream that has them. */
    private record Fetched(Part part, byte[] bytes, RemotePart stream) {}

    /** A part on its way: here, or fetched by a task that whoever needs it first runs. */
    private record Pending(Optional<Item> local, FutureTask<Fetched> fetch, RemotePart remote) {}

    /** Parts that are asked for together, by their place in {@link #parts}. Guarded by {@link #pending}. */
    private final Map<Integer, ServiceBatch> batches = new HashMap<>();

    /** All batches, to be closed. Guarded by {@link #pending}. */
    private final List<ServiceBatch> made = new ArrayList<>();

    private final ShuffleReader reader;
    private final List<MapOutput> outputs;
    private final List<Part> parts;
    /** Index of the next part that is not pending yet. */
    private int nextPart;
    /** Parts asked for, in order. Guarded by itself. */
    private final Deque<Pending> pending = new ArrayDeque<>();

    private final AheadBudget ahead;
    /** The fetched part that is being delivered, or null. */
    private volatile Fetched current;

    private int currentOffset;
    private byte[] piece;
    /** Offset in the stream at which the bytes of a map begin, where the map changes. Guarded by itself. */
    private final TreeMap<Long, Integer> mapsByOffset = new TreeMap<>();

    private long delivered;
    private volatile boolean closed;

    ShuffleInput(ShuffleReader reader, List<MapOutput> outputs, List<Part> parts) {
        this.reader = reader;
        this.ahead = reader.aheadBudget(AHEAD_BYTES);
        this.outputs = List.copyOf(outputs);
        this.parts = List.copyOf(parts);
        for (Part part : this.parts) {
            if (part.map() >= this.outputs.size()) {
                throw new IllegalArgumentException(
                        part + " was asked of a shuffle with " + this.outputs.size() + " maps");
            }
        }
    }

    /** Which map output a byte of this stream came from, counted over all items delivered; for damaged data found by a worker. */
    public Optional<MapOutputId> mapAt(long streamOffset) {
        synchronized (mapsByOffset) {
            Map.Entry<Long, Integer> start = mapsByOffset.floorEntry(streamOffset);
            return start == null || streamOffset >= delivered
                    ? Optional.empty()
                    : Optional.of(outputOf(start.getValue()));
        }
    }

    /** The output of map {@code map}. */
    public MapOutputId outputOf(int map) {
        return outputs.get(map).id();
    }

    /** Bytes delivered so far, local parts counted in full. */
    public long bytesDelivered() {
        synchronized (mapsByOffset) {
            return delivered;
        }
    }

    @Override
    public Optional<Item> next() throws IOException {
        while (!closed) {
            Optional<Item> more = nextPiece();
            if (more.isPresent()) {
                return more;
            }
            askAhead();
            Pending next;
            synchronized (pending) {
                next = pending.peekFirst();
            }
            if (next == null) {
                return Optional.empty();
            }
            Optional<Item> local = next.local();
            if (local.isEmpty()) {
                current = await(next);
                currentOffset = 0;
            }
            synchronized (pending) {
                pending.pollFirst();
            }
            if (local.isPresent()) {
                note(local.get());
                return local;
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        List<Pending> left;
        List<ServiceBatch> asked;
        synchronized (pending) {
            left = new ArrayList<>(pending);
            asked = new ArrayList<>(made);
        }
        for (Pending part : left) {
            if (part.remote() != null) {
                part.fetch().cancel(false);
                part.remote().close();
            }
        }
        for (ServiceBatch batch : asked) {
            batch.close();
        }
        ahead.close();
        Fetched open = current;
        if (open != null && open.stream() != null) {
            open.stream().close();
        }
    }

    /** The next piece of the current part, or empty when there is none. */
    private Optional<Item> nextPiece() throws IOException {
        Fetched part = current;
        if (part == null) {
            return Optional.empty();
        }
        ByteBuffer buffer = part.stream() == null ? nextOfMemory(part) : nextOfStream(part);
        if (!buffer.hasRemaining()) {
            current = null;
            return Optional.empty();
        }
        Item item = new Bytes(buffer, part.part().map());
        note(item);
        return Optional.of(item);
    }

    private ByteBuffer nextOfMemory(Fetched part) {
        int count = Math.min(PIECE_BYTES, part.bytes().length - currentOffset);
        ByteBuffer buffer = ByteBuffer.wrap(part.bytes(), currentOffset, count);
        currentOffset += count;
        if (count == 0) {
            ahead.release(part.bytes().length);
        }
        return buffer;
    }

    private ByteBuffer nextOfStream(Fetched part) throws IOException {
        if (piece == null) {
            piece = new byte[PIECE_BYTES];
        }
        try {
            int count = part.stream().read(piece, piece.length);
            if (count == 0) {
                part.stream().close();
            }
            return ByteBuffer.wrap(piece, 0, count);
        } catch (IOException e) {
            if (closed) {
                return ByteBuffer.allocate(0);
            }
            throw lost(part.part(), e);
        }
    }

    private void note(Item item) {
        synchronized (mapsByOffset) {
            Map.Entry<Long, Integer> last = mapsByOffset.lastEntry();
            if (last == null || last.getValue() != item.map()) {
                mapsByOffset.put(delivered, item.map());
            }
            delivered += item.bytes();
        }
    }

    private void askAhead() {
        synchronized (pending) {
            while (!closed && nextPart < parts.size() && pending.size() < AHEAD_PARTS) {
                Part part = parts.get(nextPart++);
                MapOutput output = outputs.get(part.map());
                Optional<MapOutputIndex> index = reader.localIndex(output);
                if (index.isEmpty()) {
                    RemotePart remote = new RemotePart(reader, output, part);
                    Optional<ServiceBatch> batch = batchOf(nextPart - 1);
                    FutureTask<Fetched> fetch = new FutureTask<>(() -> fetch(part, remote, batch));
                    pending.addLast(new Pending(Optional.empty(), fetch, remote));
                    if (pending.size() > 1) {
                        reader.fetchers().execute(fetch);
                    }
                } else if (part.to() > part.from() && index.get().length(part.from(), part.to()) > 0) {
                    pending.addLast(new Pending(Optional.of(local(output, part, index.get())), null, null));
                }
            }
        }
    }

    private static Item local(MapOutput output, Part part, MapOutputIndex index) {
        Path data = Path.of(output.path()).resolve(MapOutputIndex.DATA_FILE);
        return new LocalPart(data, index.offset(part.from()), index.length(part.from(), part.to()), part.map());
    }

    /** With which others this part of a runner that is gone is asked for; empty when by itself. */
    private Optional<ServiceBatch> batchOf(int index) {
        ServiceBatch known = batches.remove(index);
        if (known != null) {
            return Optional.of(known);
        }
        if (!isServed(outputs.get(parts.get(index).map()))) {
            return Optional.empty();
        }
        ServiceBatch batch = new ServiceBatch(reader.service().orElseThrow(), ahead);
        if (!batch.add(outputs.get(parts.get(index).map()), parts.get(index))) {
            return Optional.empty();
        }
        int last = Math.min(parts.size(), index + BATCH_PARTS);
        for (int other = index + 1; other < last; other++) {
            Part part = parts.get(other);
            MapOutput output = outputs.get(part.map());
            if (!batches.containsKey(other)
                    && isServed(output)
                    && reader.localIndex(output).isEmpty()
                    && batch.add(output, part)) {
                batches.put(other, batch);
            }
        }
        if (batch.size() == 1) {
            return Optional.empty();
        }
        made.add(batch);
        return Optional.of(batch);
    }

    /** Only the node's mapreduce_shuffle has it, as far as is known. */
    private boolean isServed(MapOutput output) {
        return reader.service().isPresent()
                && output.shufflePort() > 0
                && (output.blockPort() == 0 || reader.isAvoided(output));
    }

    /** Opens a part, and reads all of it if it fits into what may be read ahead. */
    private Fetched fetch(Part part, RemotePart remote, Optional<ServiceBatch> batch) throws IOException {
        Optional<byte[]> read = batch.flatMap(shared -> shared.take(part));
        if (read.isPresent()) {
            return new Fetched(part, read.get(), null);
        }
        long length = remote.open();
        if (!ahead.reserve(length)) {
            return new Fetched(part, null, remote);
        }
        byte[] bytes = new byte[(int) length];
        remote.read(bytes, bytes.length);
        remote.close();
        return new Fetched(part, bytes, null);
    }

    private Fetched await(Pending next) throws IOException {
        next.fetch().run();
        try {
            return next.fetch().get();
        } catch (ExecutionException e) {
            Part part = next.remote().part();
            if (e.getCause() instanceof IOException cause) {
                throw lost(part, cause);
            }
            throw new IOException(
                    "fetching " + outputOf(part.map()).folder() + " failed: " + e.getCause(), e.getCause());
        } catch (java.util.concurrent.CancellationException e) {
            throw new IOException("the input was closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("fetching was interrupted");
        }
    }

    /** With a runner that cannot be reached and no service beside it, all of its outputs are lost, as far as they are asked for. */
    private FetchFailedException lost(Part part, IOException cause) {
        MapOutput output = outputs.get(part.map());
        List<MapOutputId> lost = new ArrayList<>();
        lost.add(output.id());
        boolean runnerGone = reader.isAvoided(output) && (reader.service().isEmpty() || output.shufflePort() == 0);
        if (runnerGone) {
            for (MapOutput other : outputs) {
                if (other.runner().equals(output.runner())
                        && !other.id().equals(output.id())
                        && reader.localIndex(other).isEmpty()) {
                    lost.add(other.id());
                }
            }
        }
        String reason = "map output " + output.id().folder() + " of " + output.runner() + " on " + output.host()
                + " cannot be read: " + cause.getMessage();
        return new FetchFailedException(lost, reason, cause);
    }
}
