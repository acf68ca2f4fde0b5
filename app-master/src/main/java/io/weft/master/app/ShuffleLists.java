package io.weft.master.app;

import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.RunnerCommand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The output lists that tasks read, and which runner has been told which: each list goes once to each runner that runs such a task, just
 * before its first. Owned by the loop thread. Keeps the two newest epochs of a shuffle, since tasks of the one before may still wait.
 */
final class ShuffleLists {
    /** About 200 bytes an entry, so that a message stays well under 256 KiB. */
    private static final int OUTPUTS_A_MESSAGE = 500;

    private static final int EPOCHS_KEPT = 2;

    private record Key(int shuffle, int epoch) {}

    private final Map<Integer, TreeMap<Integer, List<MapOutput>>> lists = new HashMap<>();
    private final Map<String, Set<Key>> sent = new HashMap<>();

    void ready(int shuffle, int epoch, List<MapOutput> outputs) {
        TreeMap<Integer, List<MapOutput>> epochs = lists.computeIfAbsent(shuffle, unused -> new TreeMap<>());
        epochs.put(epoch, List.copyOf(outputs));
        while (epochs.size() > EPOCHS_KEPT) {
            int old = epochs.pollFirstEntry().getKey();
            for (Set<Key> told : sent.values()) {
                told.remove(new Key(shuffle, old));
            }
        }
    }

    /** What this runner must be told before a task that reads these epochs. */
    List<RunnerCommand> missing(String runner, Map<Integer, Integer> epochs) {
        List<RunnerCommand> commands = new ArrayList<>();
        for (Map.Entry<Integer, Integer> read : epochs.entrySet()) {
            Key key = new Key(read.getKey(), read.getValue());
            if (sent.computeIfAbsent(runner, unused -> new HashSet<>()).add(key)) {
                addParts(commands, key);
            }
        }
        return commands;
    }

    private void addParts(List<RunnerCommand> commands, Key key) {
        TreeMap<Integer, List<MapOutput>> epochs = lists.get(key.shuffle());
        List<MapOutput> all = epochs == null ? null : epochs.get(key.epoch());
        if (all == null) {
            throw new IllegalStateException("shuffle " + key.shuffle() + " epoch " + key.epoch()
                    + " is read before it was ready; known: " + epochs);
        }
        int from = 0;
        do {
            int to = Math.min(all.size(), from + OUTPUTS_A_MESSAGE);
            commands.add(new RunnerCommand.ShuffleOutputs(
                    key.shuffle(), key.epoch(), from, all.subList(from, to), to == all.size()));
            from = to;
        } while (from < all.size());
    }

    void dropped(int shuffle) {
        lists.remove(shuffle);
        for (Set<Key> told : sent.values()) {
            told.removeIf(key -> key.shuffle() == shuffle);
        }
    }

    void runnerLost(String runner) {
        sent.remove(runner);
    }
}
