package io.weft.master.results;

import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The results of one job. The loop thread offers them, the thread that answers the driver polls them in order; both may block only for
 * a write to, or a read of, the overflow file.
 *
 * <p>Results that belong together, those of a barrier stage, are all of one try: when one is lost, all of its try are void, and the
 * first partition of the next try is the next one.
 */
public final class ResultFeed implements AutoCloseable {
    /** Inline results that wait in the heap, in bytes; what is more goes to the overflow file. */
    static final long HEAP_BYTES = 8L << 20;

    /** Which of the results that were polled before this one do not count any more. */
    public enum Voided {
        NONE,
        /** The last one, which is this one's partition. */
        LAST,
        ALL
    }

    /** The next result in order. {@code inline} holds it when {@code ref} was an inline one. */
    public record Next(TaskAttemptId id, ResultRef ref, ByteBuffer inline, Voided voids) {
        public int partition() {
            return id.partition();
        }
    }

    /** A result that waits: its bytes in {@code ref}, or at {@code offset} of the overflow file (-1: not there). */
    private record Held(TaskAttemptId id, ResultRef ref, long offset, int length) {}

    private final List<Integer> partitions;
    private final boolean together;
    private final Path overflowFile;
    private final Map<Integer, Held> held = new HashMap<>();
    private int next;
    private Voided voids = Voided.NONE;
    /** Results that belong together: attempts of a lower number are of a try that is void. */
    private int firstAttempt;
    /** What runners hold of a try that is void, until somebody releases it. */
    private List<ResultRef> unwanted = new ArrayList<>();

    private long heapBytes;
    private long totalBytes;
    private FileChannel overflow;
    private long overflowEnd;
    private boolean closed;

    /**
     * @param together whether all results must be of one try; attempts of a try have one number
     * @param overflowFile made when needed, removed by {@link #close()}
     */
    public ResultFeed(List<Integer> partitions, boolean together, Path overflowFile) {
        this.partitions = List.copyOf(partitions);
        this.together = together;
        this.overflowFile = overflowFile;
    }

    /** Takes the result of an attempt; false when the feed is closed, so that the caller releases the result. */
    public synchronized boolean offer(TaskAttemptId id, ResultRef ref) throws IOException {
        if (closed) {
            return false;
        }
        totalBytes += ref.bytes();
        int length = ref.inline().length;
        if (!ref.isInline() || heapBytes + length <= HEAP_BYTES) {
            heapBytes += length;
            held.put(id.partition(), new Held(id, ref, -1, length));
            return true;
        }
        if (overflow == null) {
            overflow = FileChannel.open(
                    overflowFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        }
        ByteBuffer bytes = ByteBuffer.wrap(ref.inline());
        long offset = overflowEnd;
        while (bytes.hasRemaining()) {
            overflowEnd += overflow.write(bytes, overflowEnd);
        }
        ResultRef empty = new ResultRef(
                ref.block(), ref.runner(), ref.host(), ref.blockPort(), ref.bytes(), ref.records(), new byte[0]);
        held.put(id.partition(), new Held(id, empty, offset, length));
        return true;
    }

    /** Serialized bytes offered so far. */
    public synchronized long totalBytes() {
        return totalBytes;
    }

    /** Whether every partition was polled. */
    public synchronized boolean isDrained() {
        return next == partitions.size();
    }

    /** The next result in the order of the partitions, if it is there. */
    public synchronized Optional<Next> poll() throws IOException {
        if (next == partitions.size()) {
            return Optional.empty();
        }
        Held found = held.remove(partitions.get(next));
        if (found == null) {
            return Optional.empty();
        }
        next++;
        Voided before = voids;
        voids = Voided.NONE;
        return Optional.of(new Next(found.id(), found.ref(), bytes(found), before));
    }

    private ByteBuffer bytes(Held found) throws IOException {
        if (found.offset() < 0) {
            heapBytes -= found.length();
            return ByteBuffer.wrap(found.ref().inline());
        }
        ByteBuffer bytes = ByteBuffer.allocate(found.length());
        while (bytes.hasRemaining()) {
            if (overflow.read(bytes, found.offset() + bytes.position()) < 0) {
                throw new IOException(overflowFile + " is shorter than what was written to it");
            }
        }
        return bytes.flip();
    }

    /** The result polled last could not be read: its partition is the next one again, once another attempt has offered it. */
    public synchronized void unpoll(Next lost) {
        if (together) {
            startOver(lost.id());
            return;
        }
        next--;
        voids = Voided.LAST;
        totalBytes -= lost.ref().bytes();
    }

    /** One of a try is lost, so all of it is void; unless another one was before. */
    private void startOver(TaskAttemptId lost) {
        if (lost.attempt() < firstAttempt) {
            return;
        }
        firstAttempt = lost.attempt() + 1;
        held.values().stream().map(Held::ref).filter(ref -> !ref.isInline()).forEach(unwanted::add);
        held.clear();
        voids = next > 0 || voids == Voided.ALL ? Voided.ALL : Voided.NONE;
        next = 0;
        heapBytes = 0;
        totalBytes = 0;
        overflowEnd = 0;
    }

    /** Results that runners hold in vain since the last call. */
    public synchronized List<ResultRef> takeUnwanted() {
        List<ResultRef> taken = unwanted;
        unwanted = new ArrayList<>();
        return taken;
    }

    /** Forgets the results that this runner holds and that nobody polled; gives their attempts. */
    public synchronized List<TaskAttemptId> lose(String runner) {
        List<TaskAttemptId> lost = new ArrayList<>();
        held.values().removeIf(one -> {
            boolean gone = !one.ref().isInline() && one.ref().runner().equals(runner);
            if (gone) {
                lost.add(one.id());
                totalBytes -= one.ref().bytes();
            }
            return gone;
        });
        if (together && !lost.isEmpty()) {
            startOver(lost.get(0));
        }
        return lost;
    }

    /** Whether this runner holds a result that nobody polled. */
    public synchronized boolean holds(String runner) {
        return held.values().stream()
                .anyMatch(one -> !one.ref().isInline() && one.ref().runner().equals(runner));
    }

    /** Blocks that runners still hold for this job and that nobody will ask for; takes no further results. */
    public synchronized List<ResultRef> abandon() {
        closed = true;
        List<ResultRef> left = takeUnwanted();
        for (Held one : held.values()) {
            if (!one.ref().isInline()) {
                left.add(one.ref());
            }
        }
        held.clear();
        return left;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        held.clear();
        if (overflow != null) {
            overflow.close();
            overflow = null;
            java.nio.file.Files.deleteIfExists(overflowFile);
        }
    }
}
