package io.weft.master.scheduler;

import java.util.Arrays;

/** A queue of ints in a ring; a million tasks are queued in it without a million objects. */
final class IntQueue {
    private int[] ring = new int[8];
    private int first;
    private int size;

    int size() {
        return size;
    }

    /** The {@code i}-th from the head. */
    int at(int i) {
        return ring[(first + i) & (ring.length - 1)];
    }

    void addLast(int value) {
        if (size == ring.length) {
            int[] larger = Arrays.copyOf(ring, 2 * ring.length);
            for (int i = 0; i < size; i++) {
                larger[i] = at(i);
            }
            ring = larger;
            first = 0;
        }
        ring[(first + size) & (ring.length - 1)] = value;
        size++;
    }

    /** Takes the head; the queue must not be empty. */
    int pollFirst() {
        if (size == 0) {
            throw new IllegalStateException("queue is empty");
        }
        int value = ring[first];
        first = (first + 1) & (ring.length - 1);
        size--;
        return value;
    }
}
