package io.weft.runner.container;

import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The outputs of each shuffle, put together from the parts in which they come. Keeps the {@link #EPOCHS_KEPT} newest complete
 * epochs of a shuffle until it is dropped. Thread-safe.
 */
final class ShuffleLists {
    static final int EPOCHS_KEPT = 4;

    /** Lists of one shuffle by epoch; those of {@code growing} are not complete. */
    private static final class Epochs {
        private final TreeMap<Integer, List<MapOutput>> complete = new TreeMap<>();
        private final Map<Integer, List<MapOutput>> growing = new HashMap<>();
    }

    private final Map<Integer, Epochs> shuffles = new HashMap<>();

    synchronized void add(RunnerCommand.ShuffleOutputs part) {
        Epochs epochs = shuffles.computeIfAbsent(part.shuffle(), shuffle -> new Epochs());
        if (part.firstMap() == 0) {
            epochs.growing.put(part.epoch(), new ArrayList<>());
        }
        List<MapOutput> list = epochs.growing.get(part.epoch());
        if (list == null || list.size() != part.firstMap()) {
            throw new ProtocolException("outputs of shuffle " + part.shuffle() + " epoch " + part.epoch() + " from map "
                    + part.firstMap() + " on came after " + (list == null ? 0 : list.size()));
        }
        list.addAll(part.outputs());
        if (part.last()) {
            epochs.growing.remove(part.epoch());
            epochs.complete.put(part.epoch(), List.copyOf(list));
            while (epochs.complete.size() > EPOCHS_KEPT) {
                epochs.complete.pollFirstEntry();
            }
        }
    }

    /** All outputs by map number; fails when they have not come. */
    synchronized List<MapOutput> of(InputSpec.Shuffle input) {
        Epochs epochs = shuffles.get(input.shuffle());
        List<MapOutput> outputs = epochs == null ? null : epochs.complete.get(input.epoch());
        if (outputs == null || outputs.size() != input.maps()) {
            throw new ProtocolException("shuffle " + input.shuffle() + " epoch " + input.epoch() + ": "
                    + (outputs == null ? "no" : outputs.size()) + " outputs are known of " + input.maps());
        }
        return outputs;
    }

    /** Forgets a shuffle; gives the outputs that were known of it. */
    synchronized List<MapOutput> drop(int shuffle) {
        Epochs dropped = shuffles.remove(shuffle);
        return dropped == null
                ? List.of()
                : dropped.complete.values().stream().flatMap(List::stream).toList();
    }
}
