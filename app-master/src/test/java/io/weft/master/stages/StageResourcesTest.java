package io.weft.master.stages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.master.plan.InvalidPlanException;
import io.weft.master.plan.Plan;
import io.weft.master.plan.TestingPlan;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StageResourcesTest {
    private final TestingPlan plan = new TestingPlan();

    /** Profile 3 and those that are merged, whose number is the sum; each of 40 slots. */
    private static final Profiles PROFILES = new Profiles() {
        @Override
        public Asked merge(Asked one, Asked other) {
            return new Asked(Math.max(one.processors(), other.processors()), one.profile() + other.profile());
        }

        @Override
        public Profile profile(int number) {
            return new Profile(number, 40, 1_000, 0);
        }
    };

    /** What the stages' tasks have: where each slot has two processors. */
    private static List<Stage.Share> shares(Plan plan) {
        Layout layout = new Layout(plan, Map.of(), KeptHosts.NONE, PROFILES);
        return StagePlanner.plan(layout, Map.of(), 0, 2).graph().stages().stream()
                .map(Stage::share)
                .toList();
    }

    private static Plan merging(Plan plan) {
        return new Plan(
                plan.name(),
                plan.site(),
                Map.of("weft.resources.mergeConflicts", "true"),
                plan.result(),
                plan.partitions(),
                plan.action(),
                plan.nodes());
    }

    @Test
    void moreProcessorsAreMoreSlotsOfARunner() {
        Plan collected = plan.collect(plan.map(plan.resources(plan.empty(1), 5, 0)));
        assertEquals(List.of(new Stage.Share(5, 3, Profile.DEFAULT)), shares(collected));
    }

    @Test
    void aStageRunsOnRunnersOfItsProfileInASlotOfEach() {
        Plan collected = plan.collect(plan.map(plan.resources(plan.empty(1), 5, 3)));
        assertEquals(List.of(new Stage.Share(5, 1, new Profile(3, 40, 1_000, 0))), shares(collected));
    }

    @Test
    void aShufflePartsStagesOfDifferentProfiles() {
        int shuffled = plan.combine(plan.resources(plan.empty(1), 0, 3), 1);
        assertEquals(
                List.of(new Stage.Share(0, 1, new Profile(3, 40, 1_000, 0)), new Stage.Share(4, 2, Profile.DEFAULT)),
                shares(plan.collect(plan.resources(shuffled, 4, 0))));
    }

    @Test
    void rddsOfOneStageMayAskForTheSame() {
        Plan collected =
                plan.collect(plan.union(plan.resources(plan.empty(1), 2, 3), plan.resources(plan.empty(1), 2, 3)));
        assertEquals(List.of(new Stage.Share(2, 1, new Profile(3, 40, 1_000, 0))), shares(collected));
    }

    @Test
    void rddsOfOneStageThatAskForDifferentThingsAreRefused() {
        Plan collected = plan.collect(plan.resources(plan.resources(plan.empty(1), 2, 0), 1, 3));
        InvalidPlanException refused = assertThrows(InvalidPlanException.class, () -> shares(collected));
        assertEquals(
                "range at etl.py:30: RDDs of its stage ask for tasks of 2 processors and for tasks of 1 processor in"
                        + " containers of profile 3 (withResources).\nAsk for the same, or set"
                        + " weft.resources.mergeConflicts to true, which takes the most of each",
                refused.getMessage());
    }

    @Test
    void whatTheyAskForIsMergedIfTheProgramSaysSo() {
        Plan collected = plan.collect(plan.resources(plan.resources(plan.empty(1), 2, 3), 1, 4));
        assertEquals(List.of(new Stage.Share(2, 1, new Profile(7, 40, 1_000, 0))), shares(merging(collected)));
    }
}
