package io.weft.runner.shuffle;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;

/** The verified index of one map output: where each partition is in file.out. Immutable. */
public final class MapOutputIndex {
    public static final String DATA_FILE = "file.out";
    public static final String INDEX_FILE = "file.out.index";

    private static final int ENTRY_BYTES = 24;
    private static final int CRC_BYTES = 8;
    /** 8 million partitions. */
    private static final long MAX_INDEX_BYTES = 200L << 20;
    /** This object, its two arrays, and the path under which a cache keeps it. */
    private static final long HEAP_BYTES_EACH = 320;

    /** Offset of each partition in file.out, then the end of the last. */
    private final long[] bounds;
    /** Records of each partition. */
    private final long[] records;

    private MapOutputIndex(long[] bounds, long[] records) {
        this.bounds = bounds;
        this.records = records;
    }

    /**
     * Reads and verifies the index in {@code folder} against itself and against the data file's length.
     *
     * @throws IOException naming the file and what is wrong with it
     */
    public static MapOutputIndex read(Path folder) throws IOException {
        Path file = folder.resolve(INDEX_FILE);
        long size = Files.size(file);
        if (size > MAX_INDEX_BYTES) {
            throw new IOException(file + " has " + size + " bytes, more than an index may have");
        }
        MapOutputIndex index = parse(Files.readAllBytes(file), file.toString());
        long dataBytes = Files.size(folder.resolve(DATA_FILE));
        if (index.bytes() != dataBytes) {
            throw new IOException(
                    file + " ends at byte " + index.bytes() + ", but the data file has " + dataBytes + " bytes");
        }
        return index;
    }

    static MapOutputIndex parse(byte[] bytes, String name) throws IOException {
        int body = bytes.length - CRC_BYTES;
        if (body < 0 || body % ENTRY_BYTES != 0) {
            throw new IOException(name + " has " + bytes.length + " bytes, which no index has");
        }
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, body);
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        if (buffer.getLong(body) != crc.getValue()) {
            throw new IOException(name + " is damaged: its checksum is wrong");
        }
        int partitions = body / ENTRY_BYTES;
        long[] bounds = new long[partitions + 1];
        long[] records = new long[partitions];
        for (int partition = 0; partition < partitions; partition++) {
            long start = buffer.getLong();
            long raw = buffer.getLong();
            long part = buffer.getLong();
            if (start != bounds[partition] || part < 0 || raw < 0 || start + part < start) {
                throw new IOException(name + " is damaged: partition " + partition + " starts at " + start + " with "
                        + part + " bytes, expected at " + bounds[partition]);
            }
            bounds[partition + 1] = start + part;
            records[partition] = raw;
        }
        return new MapOutputIndex(bounds, records);
    }

    public int partitions() {
        return records.length;
    }

    /** Offset of partition {@code partition} in file.out; for {@link #partitions()} the end of the last. */
    public long offset(int partition) {
        return bounds[partition];
    }

    /**
     * Bytes of partitions {@code from} to {@code to} (exclusive), which lie one after the other.
     *
     * @throws IllegalArgumentException when there are no such partitions
     */
    public long length(int from, int to) {
        if (from < 0 || to < from || to > partitions()) {
            throw new IllegalArgumentException("partitions " + from + " to " + to + " were asked of " + partitions());
        }
        return bounds[to] - bounds[from];
    }

    public long records(int partition) {
        return records[partition];
    }

    /** Length of file.out. */
    public long bytes() {
        return bounds[bounds.length - 1];
    }

    /** Bytes this object takes in memory, about. */
    long heapBytes() {
        return 16L * records.length + HEAP_BYTES_EACH;
    }
}
