package io.weft.runner.shuffle;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Verified indexes by folder, the least recently used out first. Folders never change once published. Thread-safe. */
final class IndexCache {
    private final long maxBytes;
    /** Guarded by this, as {@code bytes}, the sum of their sizes. */
    private final Map<Path, MapOutputIndex> indexes = new LinkedHashMap<>(16, 0.75f, true);

    private long bytes;

    IndexCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The index of the map output in {@code folder}, read and verified when it is not known yet. */
    MapOutputIndex read(Path folder) throws IOException {
        synchronized (this) {
            MapOutputIndex known = indexes.get(folder);
            if (known != null) {
                return known;
            }
        }
        MapOutputIndex index = MapOutputIndex.read(folder);
        add(folder, index);
        return index;
    }

    synchronized void add(Path folder, MapOutputIndex index) {
        if (indexes.putIfAbsent(folder, index) != null) {
            return;
        }
        bytes += index.heapBytes();
        Iterator<MapOutputIndex> eldest = indexes.values().iterator();
        while (bytes > maxBytes && indexes.size() > 1) {
            bytes -= eldest.next().heapBytes();
            eldest.remove();
        }
    }

    synchronized void forget(Path folder) {
        MapOutputIndex known = indexes.remove(folder);
        if (known != null) {
            bytes -= known.heapBytes();
        }
    }
}
