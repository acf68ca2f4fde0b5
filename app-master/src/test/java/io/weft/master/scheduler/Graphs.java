package io.weft.master.scheduler;

import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import io.weft.master.stages.StageKind;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Stage graphs by hand. */
final class Graphs {
    private Graphs() {}

    static List<List<String>> nowhere(int tasks) {
        return Collections.nCopies(tasks, List.of());
    }

    static List<Integer> partitions(int tasks) {
        return IntStream.range(0, tasks).boxed().toList();
    }

    static Stage map(int id, int shuffle, List<Integer> reads, List<List<String>> hosts) {
        List<Integer> partitions = partitions(hosts.size());
        return new Stage(
                id, StageKind.SHUFFLE_MAP, shuffle, reads, partitions, hosts, false, false, "map", "etl.py:" + id);
    }

    static Stage result(int id, List<Integer> reads, List<List<String>> hosts) {
        List<Integer> partitions = partitions(hosts.size());
        return new Stage(id, StageKind.RESULT, -1, reads, partitions, hosts, false, false, "collect", "etl.py:" + id);
    }

    static Stage save(int id, List<Integer> reads, int tasks) {
        List<Integer> partitions = partitions(tasks);
        return new Stage(
                id, StageKind.RESULT, -1, reads, partitions, nowhere(tasks), true, false, "save", "etl.py:" + id);
    }

    /** The same stage, whose tasks run all at once. */
    static Stage barrier(Stage stage) {
        return new Stage(
                stage.id(),
                stage.kind(),
                stage.shuffle(),
                stage.reads(),
                stage.partitions(),
                stage.preferredHosts(),
                stage.commits(),
                true,
                stage.name(),
                stage.site(),
                stage.share());
    }

    /** One barrier stage of tasks that prefer nothing. */
    static StageGraph gang(int stage, int tasks) {
        return new StageGraph(List.of(barrier(result(stage, List.of(), nowhere(tasks)))));
    }

    /** One stage of tasks that prefer nothing. */
    static StageGraph flat(int stage, int tasks) {
        return new StageGraph(List.of(result(stage, List.of(), nowhere(tasks))));
    }

    /** One stage whose tasks prefer these hosts. */
    static StageGraph local(int stage, List<List<String>> hosts) {
        return new StageGraph(List.of(result(stage, List.of(), hosts)));
    }

    /** Stage {@code stage} writes the shuffle, the next one reads it. */
    static StageGraph mapReduce(int stage, int shuffle, int maps, int reduces) {
        return new StageGraph(List.of(
                map(stage, shuffle, List.of(), nowhere(maps)), result(stage + 1, List.of(shuffle), nowhere(reduces))));
    }
}
