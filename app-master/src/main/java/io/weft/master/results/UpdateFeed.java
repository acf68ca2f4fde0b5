package io.weft.master.results;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What a job's tasks have added to accumulators, in the order in which they were accepted, until the driver takes it. The loop thread
 * offers, the thread that answers the driver polls; either may block only for the overflow file.
 */
public final class UpdateFeed implements AutoCloseable {
    /** Updates that wait in the heap, in bytes; what is more goes to the overflow file. */
    static final long HEAP_BYTES = 8L << 20;

    private static final byte[] NOTHING = new byte[0];

    private final Path overflowFile;
    private final Deque<byte[]> held = new ArrayDeque<>();

    /** Lengths of what stands in the file from {@link #readOffset} on; all of it came after what is held. */
    private final Deque<Integer> overflowed = new ArrayDeque<>();

    private long heldBytes;
    private FileChannel overflow;
    private long readOffset;
    private long writeOffset;
    private boolean closed;

    /** {@code overflowFile}: made when needed, removed by {@link #close()}. */
    public UpdateFeed(Path overflowFile) {
        this.overflowFile = overflowFile;
    }

    /** Takes a task's updates; empty ones, and those after {@link #close()}, are dropped. */
    public synchronized void offer(byte[] updates) throws IOException {
        if (closed || updates.length == 0) {
            return;
        }
        if (overflowed.isEmpty() && heldBytes + updates.length <= HEAP_BYTES) {
            held.add(updates);
            heldBytes += updates.length;
            return;
        }
        if (overflow == null) {
            overflow = FileChannel.open(
                    overflowFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        }
        ByteBuffer bytes = ByteBuffer.wrap(updates);
        long at = writeOffset;
        while (bytes.hasRemaining()) {
            at += overflow.write(bytes, at);
        }
        writeOffset = at;
        overflowed.add(updates.length);
    }

    /** The next updates; empty when there are none now. */
    public synchronized byte[] poll() throws IOException {
        byte[] first = held.poll();
        if (first != null) {
            heldBytes -= first.length;
            return first;
        }
        Integer length = overflowed.poll();
        if (length == null) {
            return NOTHING;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (overflow.read(bytes, readOffset + bytes.position()) < 0) {
                throw new IOException(overflowFile + " is shorter than what was written to it");
            }
        }
        readOffset += length;
        if (overflowed.isEmpty()) {
            readOffset = 0;
            writeOffset = 0;
        }
        return bytes.array();
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        held.clear();
        overflowed.clear();
        if (overflow != null) {
            overflow.close();
            overflow = null;
            Files.deleteIfExists(overflowFile);
        }
    }
}
