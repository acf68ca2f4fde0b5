package io.weft.runner.protocol;

/** What a successful attempt counted. {@code borderBytes}: both ways over the worker's sockets. */
public record TaskStats(
        long rowsIn,
        long bytesIn,
        long rowsOut,
        long bytesOut,
        long spilledBytes,
        long peakRssBytes,
        long cpuMillis,
        long borderBytes,
        boolean compiled) {
    public static final TaskStats NONE = new TaskStats(0, 0, 0, 0, 0, 0, 0, 0, true);

    /** Sums, but the larger peak, and compiled only if both were. */
    public TaskStats plus(TaskStats other) {
        return new TaskStats(
                rowsIn + other.rowsIn,
                bytesIn + other.bytesIn,
                rowsOut + other.rowsOut,
                bytesOut + other.bytesOut,
                spilledBytes + other.spilledBytes,
                Math.max(peakRssBytes, other.peakRssBytes),
                cpuMillis + other.cpuMillis,
                borderBytes + other.borderBytes,
                compiled && other.compiled);
    }
}
