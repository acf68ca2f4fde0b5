package io.weft.runner.protocol;

import java.util.List;
import java.util.Map;

/**
 * What a program has changed in Hadoop's configuration since its start, in all.
 *
 * @param version tells changes apart; 0: nothing is changed
 * @param changed values by name
 * @param removed names that have no value any more
 */
public record HadoopChanges(int version, Map<String, String> changed, List<String> removed) {
    public static final HadoopChanges NONE = new HadoopChanges(0, Map.of(), List.of());

    public HadoopChanges {
        changed = Map.copyOf(changed);
        removed = List.copyOf(removed);
    }

    /** Whether the configuration becomes the same by both. */
    public boolean isSame(HadoopChanges other) {
        return changed.equals(other.changed) && removed.equals(other.removed);
    }

    /** How many letters there are to send, about. */
    public long letters() {
        long letters = 0;
        for (Map.Entry<String, String> entry : changed.entrySet()) {
            letters += entry.getKey().length() + entry.getValue().length();
        }
        return letters + removed.stream().mapToLong(String::length).sum();
    }
}
