package io.weft.master.app;

import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.RunnerEvent;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which tasks have been accepted before, so that what they add to accumulators counts once: a map task once in its shuffle's life, also
 * when another job runs it again because its output was lost; a result task once in its job. Owned by the loop thread.
 */
final class CountedTasks {
    private final Map<Integer, BitSet> byShuffle = new HashMap<>();
    private final Map<Integer, BitSet> byJob = new HashMap<>();

    /** Notes an accepted success; true unless its task has been noted before. */
    boolean isFirst(int job, RunnerEvent.TaskSucceeded success) {
        Optional<MapOutput> output = success.output();
        BitSet counted = output.isPresent()
                ? byShuffle.computeIfAbsent(output.get().id().shuffle(), shuffle -> new BitSet())
                : byJob.computeIfAbsent(job, id -> new BitSet());
        int task = output.map(one -> one.id().map()).orElse(success.id().partition());
        boolean first = !counted.get(task);
        counted.set(task);
        return first;
    }

    /** Whoever needs this shuffle again writes it anew. */
    void shuffleDropped(int shuffle) {
        byShuffle.remove(shuffle);
    }

    void jobEnded(int job) {
        byJob.remove(job);
    }
}
