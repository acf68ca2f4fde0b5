package io.weft.master.stages;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The stages of one job, parents first; the last one is the result stage. {@link #toString()} is the golden-test form, one line a
 * stage:
 *
 * <pre>
 * stage 0 (flatMap, etl.py:58): 4 tasks, writes shuffle 5
 * stage 1 (reduceByKey, etl.py:59): 2 tasks, reads shuffle 5, result
 * </pre>
 */
public record StageGraph(List<Stage> stages) {
    public StageGraph {
        stages = List.copyOf(stages);
    }

    @Override
    public String toString() {
        return stages.stream().map(StageGraph::line).collect(Collectors.joining("\n"));
    }

    private static String line(Stage stage) {
        StringBuilder line =
                new StringBuilder("stage " + stage.id() + " (" + stage.name() + ", " + stage.site() + "): ");
        line.append(stage.partitions().size()).append(" tasks");
        if (!isWhole(stage.partitions())) {
            line.append(" of partitions ").append(stage.partitions());
        }
        if (!stage.reads().isEmpty()) {
            line.append(", reads shuffle ")
                    .append(stage.reads().stream().map(String::valueOf).collect(Collectors.joining(" and ")));
        }
        if (stage.preferredHosts().stream().anyMatch(hosts -> !hosts.isEmpty())) {
            line.append(", prefers ").append(stage.preferredHosts());
        }
        line.append(stage.kind() == StageKind.RESULT ? ", result" : ", writes shuffle " + stage.shuffle());
        return line + (stage.commits() ? ", commits" : "") + (stage.barrier() ? ", barrier" : "");
    }

    private static boolean isWhole(List<Integer> partitions) {
        for (int i = 0; i < partitions.size(); i++) {
            if (partitions.get(i) != i) {
                return false;
            }
        }
        return true;
    }
}
