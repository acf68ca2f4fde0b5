package io.weft.master.jobs;

import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanAction;
import io.weft.master.stages.JobPlan;
import io.weft.master.stages.Profile;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StageKind;
import io.weft.master.tasks.TaskBody;
import io.weft.master.tasks.TaskTrees;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** Task attempts of one planned job. Changed by the loop thread alone, once the job is submitted. */
final class PlannedTasks implements TaskSpecs {
    /** Plans a job's lineage, given the ids of its stages by the shuffle that they write. */
    record Planning(JobLineage lineage, BiFunction<JobLineage, Map<Integer, Integer>, TaskTrees> plan) {}

    private final int job;
    private final Planning planning;
    private TaskTrees trees;
    private final Optional<OutputSpec> save;
    private final JobSettings settings;
    private final SharedFiles files;
    private final Map<String, String> properties;

    /** {@code save}: present exactly when the action saves; {@code properties}: of every task. */
    PlannedTasks(
            int job,
            TaskTrees trees,
            Planning planning,
            Optional<OutputSpec> save,
            JobSettings settings,
            SharedFiles files,
            Map<String, String> properties) {
        this.properties = properties;
        this.job = job;
        this.trees = trees;
        this.planning = planning;
        this.save = save;
        this.settings = settings;
        this.files = files;
    }

    @Override
    public TaskSpec make(TaskAttemptId id, Map<Integer, Integer> epochs, List<String> gang) {
        TaskBody body = trees.body(id.stage(), id.partition(), epochs);
        JobPlan planned = plan();
        Plan plan = planned.layout().plan();
        Profile profile = planned.stage(id.stage()).share().profile();
        return new TaskSpec(
                id,
                job,
                body.tree(),
                body.sink(),
                body.inputs(),
                settings.files().ignoreCorrupt(),
                output(planned.stage(id.stage()), id, plan.action()),
                profile.isDefault() ? settings.memoryBytes() : profile.memoryBytes(),
                profile.isDefault() ? settings.limitBytes() : profile.limitBytes(),
                files.onPath(),
                properties(planned.stage(id.stage()), gang));
    }

    /** The properties of a task; {@code gang}: where those of its barrier stage run. */
    private Map<String, String> properties(Stage stage, List<String> gang) {
        if (gang.isEmpty() && stage.share().processors() == 0) {
            return properties;
        }
        Map<String, String> more = new HashMap<>(properties);
        if (!gang.isEmpty()) {
            more.put("weft.barrier.addresses", String.join(",", gang));
        }
        if (stage.share().processors() > 0) {
            more.put("weft.task.cpus", String.valueOf(stage.share().processors()));
        }
        return more;
    }

    @Override
    public JobPlan plan() {
        return trees.job();
    }

    @Override
    public Optional<JobPlan> planAgain() {
        if (planning.lineage().holds()) {
            return Optional.empty();
        }
        Map<Integer, Integer> known = new HashMap<>();
        plan().graph().stages().forEach(stage -> known.put(stage.shuffle(), stage.id()));
        trees = planning.plan().apply(planning.lineage(), known);
        return Optional.of(plan());
    }

    @Override
    public Optional<JobFailure> outOfReach() {
        return planning.lineage().outOfReach();
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
