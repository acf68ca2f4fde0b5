package io.weft.master.tasks;

import com.fasterxml.jackson.core.JsonGenerator;
import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanAction;
import io.weft.master.plan.PlanNode;
import io.weft.master.plan.PlanNode.Combiner;
import io.weft.master.stages.JobPlan;
import io.weft.master.stages.StageOutput;
import io.weft.runner.protocol.InputSpec;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes the bodies of one job's tasks. Immutable; any thread. */
public final class TaskTrees {
    /** Records that a repartition deals out to one partition before it goes on to the next. */
    private static final int ROUND_BATCH = 10;

    private final JobPlan job;
    private final Plan plan;

    /** Splits by id of the source's node, one a partition. */
    private final Map<Integer, ? extends List<? extends InputSpec>> splits;

    private final KeptPartitions kept;

    private final Json json = new Json();

    /** {@code kept} is asked when a task is made. */
    public TaskTrees(JobPlan job, Map<Integer, ? extends List<? extends InputSpec>> splits, KeptPartitions kept) {
        this.job = job;
        this.kept = kept;
        this.plan = job.layout().plan();
        this.splits = Map.copyOf(splits);
    }

    public JobPlan job() {
        return job;
    }

    /**
     * The body of one task.
     *
     * @param epochs epoch of every shuffle that the stage reads, as the scheduler's LaunchTask gives them
     */
    public TaskBody body(int stage, int partition, Map<Integer, Integer> epochs) {
        StageOutput output = job.outputs().get(stage);
        if (output instanceof StageOutput.BoundsWrite bounds) {
            return boundsBody((PlanNode.Shuffle) plan.node(bounds.shuffle()), epochs);
        }
        TreeWriter writer = new TreeWriter(job.layout(), splits, epochs, kept);
        if (output instanceof StageOutput.ShuffleWrite write) {
            PlanNode.Shuffle shuffle = (PlanNode.Shuffle) plan.node(write.shuffle());
            String tree = json.write(to -> writer.write(to, shuffle.parent(), partition));
            return new TaskBody(tree, json.write(to -> writeSink(to, shuffle, partition)), writer.inputs());
        }
        String tree = json.write(to -> writer.write(to, plan.result(), partition));
        return new TaskBody(tree, json.write(to -> writeAction(to, plan.action())), writer.inputs());
    }

    private static void writeAction(JsonGenerator to, PlanAction action) throws IOException {
        to.writeStartObject();
        to.writeStringField("kind", actionSink(action));
        if (action instanceof PlanAction.SaveText save && !save.placing().equals(PlanAction.Placing.PLAIN)) {
            to.writeNumberField("target", save.placing().targetBytes());
            to.writeBooleanField("byKey", save.placing().byKey());
        }
        to.writeEndObject();
    }

    private static String actionSink(PlanAction action) {
        if (action instanceof PlanAction.Collect) {
            return "result";
        } else if (action instanceof PlanAction.Drain) {
            return "none";
        } else if (action instanceof PlanAction.SaveText save && save.raw()) {
            return "bytes";
        } else if (action instanceof PlanAction.SaveRecords) {
            return "pairs";
        }
        return "text";
    }

    private TaskBody boundsBody(PlanNode.Shuffle shuffle, Map<Integer, Integer> epochs) {
        int maps = job.layout().partitions(shuffle.parent());
        int id = shuffle.origin().rdd();
        String tree = json.write(to -> {
            to.writeStartObject();
            to.writeStringField("op", "shuffle");
            to.writeNumberField("stream", 0);
            to.writeNumberField("maps", maps);
            to.writeNumberField("partition", 0);
            to.writeStringField("mode", "bounds");
            to.writeNumberField("partitions", shuffle.partitions());
            to.writeBooleanField("ascending", shuffle.placement().ascending());
            to.writeEndObject();
        });
        String sink = json.write(to -> {
            to.writeStartObject();
            to.writeStringField("kind", "shuffle");
            to.writeStringField("writer", "single");
            to.writeEndObject();
        });
        return new TaskBody(tree, sink, List.of(new InputSpec.Shuffle(id, epochs.get(id), maps)));
    }

    private static void writeKind(JsonGenerator to, String kind) throws IOException {
        to.writeStartObject();
        to.writeStringField("kind", kind);
        to.writeEndObject();
    }

    private static void writeSink(JsonGenerator to, PlanNode.Shuffle shuffle, int index) throws IOException {
        to.writeStartObject();
        to.writeStringField("kind", "shuffle");
        switch (shuffle.writer()) {
            case HASH -> {
                to.writeStringField("writer", "hash");
                to.writeNumberField("partitions", shuffle.partitions());
                to.writeStringField("fn", shuffle.placement().partitioner().orElse(null));
                writeCombine(to, shuffle.combiner().filter(Combiner::mapSide));
            }
            case ROUND -> {
                to.writeStringField("writer", "round");
                to.writeNumberField("partitions", shuffle.partitions());
                to.writeNumberField("index", index);
                to.writeNumberField("batch", ROUND_BATCH);
            }
            case RANGE -> {
                to.writeStringField("writer", "range");
                to.writeStringField("key", shuffle.placement().key().orElse(null));
                to.writeBooleanField("ascending", shuffle.placement().ascending());
            }
        }
        to.writeEndObject();
    }

    private static void writeCombine(JsonGenerator to, Optional<Combiner> combiner) throws IOException {
        if (combiner.isEmpty()) {
            to.writeNullField("combine");
            return;
        }
        to.writeObjectFieldStart("combine");
        to.writeStringField("create", combiner.get().create());
        to.writeStringField("value", combiner.get().mergeValue());
        to.writeStringField("merge", combiner.get().mergeCombiners());
        to.writeEndObject();
    }
}
