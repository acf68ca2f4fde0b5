package io.weft.runner.shuffle;

import java.util.ArrayList;
import java.util.List;

/** Partitions {@code from} to {@code to} (exclusive) of the output of map {@code map}. */
public record Part(int map, int from, int to) {
    public Part {
        if (map < 0 || from < 0 || to < from) {
            throw new IllegalArgumentException("partitions " + from + " to " + to + " of map " + map);
        }
    }

    /** One partition of every map, in map order. */
    public static List<Part> all(int partition, int maps) {
        List<Part> parts = new ArrayList<>(maps);
        for (int map = 0; map < maps; map++) {
            parts.add(new Part(map, partition, partition + 1));
        }
        return parts;
    }
}
