package io.weft.master.jobs;

import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanAction;
import io.weft.master.stages.JobPlan;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StageKind;
import io.weft.master.tasks.TaskBody;
import io.weft.master.tasks.TaskTrees;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskSpec;
import java.util.Map;
import java.util.Optional;

/** Task attempts of one planned job. Immutable but for the names of shared files. */
final class PlannedTasks implements TaskSpecs {
    private final int job;
    private final JobPlan planned;
    private final TaskTrees trees;
    private final Optional<OutputSpec.TextFile> save;
    private final JobSettings settings;
    private final SharedFiles files;

    /** {@code save}: present exactly when the action saves. */
    PlannedTasks(
            int job,
            JobPlan planned,
            TaskTrees trees,
            Optional<OutputSpec.TextFile> save,
            JobSettings settings,
            SharedFiles files) {
        this.job = job;
        this.planned = planned;
        this.trees = trees;
        this.save = save;
        this.settings = settings;
        this.files = files;
    }

    @Override
    public TaskSpec make(TaskAttemptId id, Map<Integer, Integer> epochs) {
        TaskBody body = trees.body(id.stage(), id.partition(), epochs);
        Plan plan = planned.layout().plan();
        return new TaskSpec(
                id,
                job,
                body.tree(),
                body.sink(),
                body.inputs(),
                output(planned.stage(id.stage()), id, plan.action()),
                settings.memoryBytes(),
                settings.limitBytes(),
                files.onPath(),
                plan.properties());
    }

    private OutputSpec output(Stage stage, TaskAttemptId id, PlanAction action) {
        if (stage.kind() == StageKind.SHUFFLE_MAP) {
            return new OutputSpec.MapOutputFile(
                    new MapOutputId(settings.application(), stage.shuffle(), id.partition(), id.attempt()));
        } else if (action instanceof PlanAction.Collect) {
            return new OutputSpec.Result();
        } else if (action instanceof PlanAction.Drain) {
            return new OutputSpec.None();
        }
        return save.orElseThrow();
    }
}
