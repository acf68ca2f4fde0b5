package io.weft.runner.input;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Cuts a stream of text into blocks of whole lines, by the rules of Hadoop's LineRecordReader:
 *
 * <ol>
 *   <li>A line ends with LF, CR or CR LF, or with the file.
 *   <li>A range that does not start at 0 drops what comes up to and with the first line end: that line is the range's before it.
 *   <li>A range delivers every line that starts at or before its end.
 *   <li>A UTF-8 byte order mark at the start of the file is dropped.
 * </ol>
 *
 * A line longer than a block comes in several blocks, of which only the last has a LF. Where the stream fails, the lines that were
 * complete come first, and then the failure.
 */
final class LineBlocks implements TextBlocks {
    /** What is read at once behind the end of a range, to find the end of its last line. */
    private static final int LOOK_BEYOND_BYTES = 64 << 10;

    private final InputStream stream;
    private final byte[] buffer;
    /** One byte of the buffer is kept for the LF that a file's last line may lack. */
    private final int capacity;

    private final long end;
    /** Place in the file of the next byte of the stream. */
    private long position;
    /** Bytes of the line begun in the last block; they stand at {@code keptFrom}. */
    private int kept;

    private int keptFrom;
    /** The stream still is in the line that belongs to the range before. */
    private boolean dropping;
    /** The last byte taken was a CR: a LF that comes next belongs to it. */
    private boolean afterCarriageReturn;
    /** Part of the current line was delivered. */
    private boolean lineOpen;
    /** Nothing more is to be read. */
    private boolean finished;
    /** Why the stream ended before its end; null while it has not failed. */
    private Exception failure;
    /** Where the block at hand begins in the file. */
    private long begin;
    /** Length of the last block. */
    private int delivered;

    private final WideEnds wide = new WideEnds();

    /**
     * @param stream stands at {@code start}; closed with this
     * @param end exclusive; {@link Long#MAX_VALUE} for all there is
     * @param buffer at least 5 bytes long, used until this is closed
     */
    LineBlocks(InputStream stream, long start, long end, byte[] buffer) {
        this.stream = stream;
        this.position = start;
        this.end = end;
        this.buffer = buffer;
        this.capacity = buffer.length - 1;
        this.dropping = start != 0;
    }

    @Override
    public Optional<ByteBuffer> next() throws IOException {
        System.arraycopy(buffer, keptFrom, buffer, 0, kept);
        begin += delivered + wide.cut(delivered);
        int length = kept;
        kept = 0;
        keptFrom = 0;
        while (!finished && length < capacity) {
            length = fill(length);
        }
        if (finished) {
            return length == 0 ? ended() : deliver(length);
        }
        int lineFeed = ByteScan.lastIndexOf(buffer, 0, length, ByteScan.LF);
        if (lineFeed < 0) {
            return deliver(length);
        }
        keptFrom = lineFeed + 1;
        kept = length - keptFrom;
        return deliver(keptFrom);
    }

    private Optional<ByteBuffer> ended() throws IOException {
        if (failure instanceof IOException broken) {
            throw broken;
        } else if (failure instanceof RuntimeException broken) {
            throw broken;
        }
        return Optional.empty();
    }

    @Override
    public long begin() {
        return begin;
    }

    @Override
    public String ends() {
        return wide.describe(buffer, delivered);
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void close() throws IOException {
        finished = true;
        stream.close();
    }

    private Optional<ByteBuffer> deliver(int length) {
        lineOpen = buffer[length - 1] != ByteScan.LF;
        delivered = length;
        return Optional.of(ByteBuffer.wrap(buffer, 0, length));
    }

    /** Reads once, behind the {@code length} bytes there are; returns how many there are now. */
    private int fill(int length) {
        boolean first = position == 0;
        int wanted = capacity - length;
        long beforeEnd = Math.max(0, end - position);
        if (beforeEnd < wanted - LOOK_BEYOND_BYTES) {
            wanted = (int) beforeEnd + LOOK_BEYOND_BYTES;
        }
        int read = read(length, wanted);
        int filled = read == 0 ? length : take(length, read, first);
        if (read < wanted && !finished) {
            finished = true;
            boolean inLine = filled == 0 ? lineOpen : buffer[filled - 1] != ByteScan.LF;
            if (inLine && failure != null) {
                filled = dropOpenLine(filled);
            } else if (inLine) {
                buffer[filled++] = ByteScan.LF;
            }
        }
        return filled;
    }

    /** Of a line whose end could not be read nothing comes, unless part of it has: then that is all of it. */
    private int dropOpenLine(int length) {
        int lineFeed = ByteScan.lastIndexOf(buffer, 0, length, ByteScan.LF);
        if (lineFeed >= 0 || !lineOpen) {
            return lineFeed + 1;
        }
        buffer[0] = ByteScan.LF;
        return 1;
    }

    /** Reads until {@code wanted} bytes are there or the stream ends, or fails. */
    private int read(int offset, int wanted) {
        int total = 0;
        try {
            while (total < wanted) {
                int read = stream.read(buffer, offset + total, wanted - total);
                if (read < 0) {
                    return total;
                }
                total += read;
            }
            return total;
        } catch (IOException | RuntimeException e) {
            failure = e;
            return total;
        }
    }

    /** Keeps what belongs to this range of the {@code read} bytes at {@code from}; returns where they end now. */
    private int take(int from, int read, boolean first) {
        long base = position - from;
        position += read;
        int at = from;
        int limit = from + read;
        if (first && startsWithByteOrderMark(from, limit)) {
            at += 3;
        }
        if (dropping) {
            at = drop(at, limit, base);
        } else {
            int before = at;
            at = skipLineFeed(at, limit, base);
            if (at > before && from > 0) {
                wide.add(from - 1);
            }
        }
        if (finished || at == limit) {
            return from;
        }
        if (from == 0) {
            begin = at + base;
        }
        if (limit + base > end) {
            int lineEnd = ByteScan.indexOfLineEnd(buffer, (int) Math.max(at, end - base), limit);
            if (lineEnd >= 0) {
                limit = lineEnd + 1;
                finished = true;
            }
        }
        afterCarriageReturn = buffer[limit - 1] == ByteScan.CR;
        return ByteScan.copyWithLineFeeds(buffer, at, limit, from, wide);
    }

    /** Drops up to and with the first line end; returns the index behind it, or {@code limit}. */
    private int drop(int from, int limit, long base) {
        int at = from;
        if (!afterCarriageReturn) {
            int lineEnd = ByteScan.indexOfLineEnd(buffer, from, limit);
            if (lineEnd < 0) {
                return limit;
            }
            finished = lineEnd + base >= end;
            afterCarriageReturn = buffer[lineEnd] == ByteScan.CR;
            at = lineEnd + 1;
            if (at == limit && afterCarriageReturn) {
                return limit;
            }
        }
        dropping = false;
        return skipLineFeed(at, limit, base);
    }

    private int skipLineFeed(int at, int limit, long base) {
        if (!afterCarriageReturn || at == limit) {
            return at;
        }
        afterCarriageReturn = false;
        if (buffer[at] != ByteScan.LF) {
            return at;
        }
        finished |= at + base >= end;
        return at + 1;
    }

    private boolean startsWithByteOrderMark(int from, int limit) {
        return limit - from >= 3
                && buffer[from] == (byte) 0xef
                && buffer[from + 1] == (byte) 0xbb
                && buffer[from + 2] == (byte) 0xbf;
    }
}
