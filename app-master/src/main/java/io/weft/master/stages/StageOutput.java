package io.weft.master.stages;

/** What a stage computes and where it goes; with the plan, all that is needed to make its tasks. Ids are node ids of the plan. */
public sealed interface StageOutput {
    /** Computes the parent of Shuffle node {@code shuffle}, writes that shuffle. */
    record ShuffleWrite(int shuffle) implements StageOutput {}

    /** Reads the samples of range Shuffle node {@code shuffle}, writes its bounds as one partition. */
    record BoundsWrite(int shuffle) implements StageOutput {}

    /** Computes the plan's result node, for the plan's action. */
    record ActionResult() implements StageOutput {}
}
