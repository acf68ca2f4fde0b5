package io.weft.master.scheduler;

/** How long tasks took, as a histogram of constant size: eight buckets for each power of two, so that a median is right within 9 %. */
final class Durations {
    private static final int BUCKETS_PER_POWER = 8;
    private static final int BUCKETS = 40 * BUCKETS_PER_POWER;

    /** Made when the first one is added. */
    private int[] counts;

    private long count;

    void add(long millis) {
        if (counts == null) {
            counts = new int[BUCKETS];
        }
        double power = Math.log(Math.max(0, millis) + 1.0) / Math.log(2);
        counts[Math.min(BUCKETS - 1, (int) (power * BUCKETS_PER_POWER))]++;
        count++;
    }

    long count() {
        return count;
    }

    /** The end of the bucket that the median is in; 0 when nothing was added. */
    double medianMillis() {
        long below = 0;
        for (int bucket = 0; count > 0 && bucket < BUCKETS; bucket++) {
            below += counts[bucket];
            if (2 * below >= count) {
                return Math.pow(2, (bucket + 1.0) / BUCKETS_PER_POWER) - 1;
            }
        }
        return 0;
    }
}
