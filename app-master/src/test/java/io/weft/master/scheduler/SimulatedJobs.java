package io.weft.master.scheduler;

import io.weft.master.stages.Profile;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;

/**
 * Random jobs over common shuffles, and what they must answer. The value of a task is a hash of what it is and of the values of all maps
 * that it reads, so that one wrong input anywhere shows in the answer.
 */
final class SimulatedJobs {
    private static final int MAX_TASKS = 5;

    /** Fewer, as there must be so many slots. */
    private static final int MAX_GANG = 3;

    /** How one shuffle is made, in every job that reads it. */
    private record Shuffle(int id, List<Integer> reads, List<List<String>> hosts, boolean barrier, Profile profile) {
        Stage stage(int stage) {
            Stage plain = Graphs.map(stage, id, reads, hosts).with(new Stage.Share(0, 1, profile));
            return barrier ? Graphs.barrier(plain) : plain;
        }
    }

    /** One of several. */
    private static final Profile OWN = new Profile(1, 9, 0, 0);

    private final Random random;
    /** Some tasks take two slots, so that each runner has at least two. */
    final boolean isWide;

    /** Some stages run on runners of their own, so that there are such. */
    final boolean hasProfiles;

    private final List<Shuffle> shuffles = new ArrayList<>();

    /** Graphs by job. */
    final Map<Integer, StageGraph> graphs = new LinkedHashMap<>();

    private final Map<Integer, Stage> stages = new LinkedHashMap<>();

    SimulatedJobs(Random random) {
        isWide = random.nextInt(3) == 0;
        hasProfiles = random.nextInt(3) == 0;
        this.random = random;
        int shuffleCount = random.nextInt(5);
        for (int id = 0; id < shuffleCount; id++) {
            boolean barrier = random.nextInt(4) == 0;
            int maps = 1 + random.nextInt(barrier ? MAX_GANG : MAX_TASKS);
            shuffles.add(new Shuffle(id, someShuffles(id), hosts(maps), barrier, profile()));
        }
        int jobs = 1 + random.nextInt(4);
        for (int job = 0; job < jobs; job++) {
            graphs.put(job, graph());
        }
    }

    Stage stage(int id) {
        return stages.get(id);
    }

    /** The right value of one task. */
    long value(Stage stage, int job, int partition) {
        List<Long> inputs = new ArrayList<>();
        stage.reads().forEach(id -> inputs.addAll(mapValues(id)));
        return value(stage, job, partition, inputs);
    }

    /** The value of a task that read these values, in order. */
    static long value(Stage stage, int job, int partition, List<Long> inputs) {
        long seed = stage.shuffle() >= 0 ? stage.shuffle() : 1000 + job;
        return 31 * (31 * seed + partition) + 7 * inputs.hashCode() + 1;
    }

    private List<Long> mapValues(int id) {
        Shuffle shuffle = shuffles.get(id);
        List<Long> values = new ArrayList<>();
        Stage stage = shuffle.stage(0);
        stage.partitions().forEach(partition -> values.add(value(stage, 0, partition)));
        return values;
    }

    private StageGraph graph() {
        List<Integer> reads = someShuffles(shuffles.size());
        TreeSet<Integer> needed = new TreeSet<>();
        reads.forEach(id -> addNeeded(id, needed));
        List<Stage> added = new ArrayList<>();
        for (int id : needed) {
            Shuffle shuffle = shuffles.get(id);
            added.add(shuffle.stage(stages.size() + added.size()));
        }
        int last = stages.size() + added.size();
        boolean barrier = random.nextInt(3) == 0;
        int tasks = 1 + random.nextInt(barrier ? MAX_GANG : MAX_TASKS);
        Stage result =
                random.nextBoolean() ? Graphs.save(last, reads, tasks) : Graphs.result(last, reads, hosts(tasks));
        int width = isWide && random.nextBoolean() ? 2 : 1;
        Stage shared = result.with(new Stage.Share(0, width, profile()));
        added.add(barrier ? Graphs.barrier(shared) : shared);
        added.forEach(stage -> stages.put(stage.id(), stage));
        return new StageGraph(added);
    }

    private Profile profile() {
        return hasProfiles && random.nextBoolean() ? OWN : Profile.DEFAULT;
    }

    private void addNeeded(int id, TreeSet<Integer> needed) {
        if (needed.add(id)) {
            shuffles.get(id).reads().forEach(parent -> addNeeded(parent, needed));
        }
    }

    private List<Integer> someShuffles(int below) {
        TreeSet<Integer> chosen = new TreeSet<>();
        for (int i = 0; below > 0 && i < 1 + random.nextInt(2); i++) {
            chosen.add(random.nextInt(below));
        }
        return List.copyOf(chosen);
    }

    private List<List<String>> hosts(int tasks) {
        List<List<String>> hosts = new ArrayList<>();
        for (int task = 0; task < tasks; task++) {
            List<String> preferred = new ArrayList<>();
            for (int i = random.nextInt(3); i > 0; i--) {
                preferred.add("h" + random.nextInt(5));
            }
            hosts.add(preferred.stream().distinct().toList());
        }
        return hosts;
    }
}
