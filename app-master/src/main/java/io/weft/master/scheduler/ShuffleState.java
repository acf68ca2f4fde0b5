package io.weft.master.scheduler;

import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The map outputs of one shuffle. It outlives the job that wrote it, until the driver drops it: a later job reads what is there, and
 * runs the map tasks whose outputs are missing.
 */
final class ShuffleState {
    final int id;

    /** By map, the one output that counts; null while there is none. */
    private final MapOutput[] outputs;

    /** Number of maps without output. */
    private int missing;

    /** By map, number of its next attempt. Counted here and not by stage, since an output's id must never be used again. */
    private final int[] nextAttempts;

    /** By runner, maps whose outputs it wrote; some of them may be lost or replaced. */
    private final Map<String, IntQueue> mapsByRunner = new HashMap<>();

    /** Grows when a complete shuffle loses outputs, so that a complete shuffle of one epoch is always the same outputs. */
    private int epoch = 1;

    /** Last epoch that was announced by ShuffleReady, 0 for none. */
    private int announcedEpoch;

    /** A barrier stage writes it: when one output is lost, so are all, since it is all of them that are made again. */
    boolean together;

    /** Times that it was complete and lost outputs since a task that reads it succeeded. */
    int lossesInARow;

    /** The host whose output was lost last, "" for none. */
    private String lastLossHost = "";

    /** The only stage that may run map tasks now, of a live job; null when there is none. */
    StageRun producer;

    /** All and only live jobs whose graph has this shuffle. */
    final Set<JobRun> jobs = new LinkedHashSet<>();

    /** The driver needs it no more; it goes when {@link #jobs} is empty. */
    boolean dropped;

    ShuffleState(int id, int maps) {
        this.id = id;
        outputs = new MapOutput[maps];
        nextAttempts = new int[maps];
        missing = maps;
    }

    int maps() {
        return outputs.length;
    }

    boolean isComplete() {
        return missing == 0;
    }

    boolean has(int map) {
        return outputs[map] != null;
    }

    int epoch() {
        return epoch;
    }

    String lastLossHost() {
        return lastLossHost;
    }

    int nextAttempt(int map) {
        return nextAttempts[map]++;
    }

    /** Accepts an output; the map must have none. */
    void put(MapOutput output) {
        int map = output.id().map();
        Checks.require(outputs[map] == null, output.id() + " comes after " + outputs[map]);
        outputs[map] = output;
        missing--;
        mapsByRunner.computeIfAbsent(output.runner(), name -> new IntQueue()).addLast(map);
    }

    /** Removes this output if it is the one that counts; false if it was removed or replaced before. */
    boolean lose(MapOutputId lost) {
        boolean counts = lost.map() < outputs.length
                && outputs[lost.map()] != null
                && outputs[lost.map()].id().equals(lost);
        if (counts) {
            remove(lost.map());
        }
        return counts;
    }

    /** Whether outputs that count were written by this runner. */
    boolean hasOutputsOf(String runner) {
        IntQueue maps = mapsByRunner.get(runner);
        for (int i = 0; maps != null && i < maps.size(); i++) {
            MapOutput output = outputs[maps.at(i)];
            if (output != null && output.runner().equals(runner)) {
                return true;
            }
        }
        return false;
    }

    /** Removes all outputs that this runner wrote; returns their maps. */
    IntQueue loseRunner(String runner) {
        IntQueue lost = new IntQueue();
        IntQueue maps = mapsByRunner.remove(runner);
        for (int i = 0; maps != null && i < maps.size(); i++) {
            MapOutput output = outputs[maps.at(i)];
            if (output != null && output.runner().equals(runner)) {
                remove(maps.at(i));
                lost.addLast(maps.at(i));
            }
        }
        return lost;
    }

    /** Removes all outputs; adds their maps to {@code lost}. */
    void loseAll(IntQueue lost) {
        for (int map = 0; map < outputs.length; map++) {
            if (outputs[map] != null) {
                remove(map);
                lost.addLast(map);
            }
        }
    }

    private void remove(int map) {
        if (missing == 0) {
            epoch++;
            lossesInARow++;
        }
        lastLossHost = outputs[map].host();
        outputs[map] = null;
        missing++;
    }

    /** Announces the outputs, if this epoch was not announced yet. */
    void announce(Turn turn) {
        if (announcedEpoch != epoch) {
            announcedEpoch = epoch;
            turn.add(new SchedulerAction.ShuffleReady(id, epoch, List.of(outputs)));
        }
    }

    void validate() {
        long absent = Arrays.stream(outputs).filter(output -> output == null).count();
        Checks.require(absent == missing, "shuffle " + id + ": " + missing + " counted as missing, " + absent + " are");
        Checks.require(
                producer == null || (jobs.contains(producer.job) && missing > 0),
                "shuffle " + id + " is written by a stage that should not run: " + producer);
    }
}
