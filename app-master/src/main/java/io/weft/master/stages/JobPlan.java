package io.weft.master.stages;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One action, planned: the graph for the scheduler, and for each stage what its tasks compute.
 *
 * @param outputs by stage id, for every stage of the graph
 */
public record JobPlan(Layout layout, StageGraph graph, Map<Integer, StageOutput> outputs) {
    public JobPlan {
        outputs = Collections.unmodifiableMap(new TreeMap<>(outputs));
        if (outputs.size() != graph.stages().size()) {
            throw new IllegalArgumentException(graph.stages().size() + " stages but " + outputs.size() + " outputs");
        }
    }

    /** The stage of this id. Ids of a job's stages follow each other, unless the job was planned again. */
    public Stage stage(int id) {
        List<Stage> stages = graph.stages();
        int likely = id - stages.get(0).id();
        if (likely >= 0 && likely < stages.size() && stages.get(likely).id() == id) {
            return stages.get(likely);
        }
        return stages.stream().filter(stage -> stage.id() == id).findFirst().orElseThrow();
    }
}
