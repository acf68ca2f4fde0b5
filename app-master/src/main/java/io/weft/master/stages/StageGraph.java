package io.weft.master.stages;

import java.util.List;

/** The stages of one job, parents first; the last one is the result stage. {@link #toString()} is the golden-test form. */
public record StageGraph(List<Stage> stages) {
    public StageGraph {
        stages = List.copyOf(stages);
    }
}
