package io.weft.master.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * The scheduler under {@link Simulation}, and the simulation itself under planted faults. To replay a seed:
 * {@code new Simulation(seed, new PlantedFaults.Right()).run()} returns the log of all events and actions.
 */
class SchedulerSimulationTest {
    private static final int SEEDS = 1000;

    @Test
    void aThousandSeedsEndWithTheRightAnswers() {
        for (long seed = 0; seed < SEEDS; seed++) {
            try {
                new Simulation(seed, new PlantedFaults.Right()).run();
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    @Test
    void aThousandSeedsEndWithTheRightAnswersWithSecondAttempts() {
        int copies = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            try {
                String log = new Simulation(seed, new PlantedFaults.Speculating()).run();
                copies += log.contains("another attempt of the task succeeded") ? 1 : 0;
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertTrue(copies > SEEDS / 10, copies + " seeds had a second attempt");
    }

    @Test
    void aSeedReplays() {
        String first = new Simulation(7, new PlantedFaults.Right()).run();
        assertEquals(first, new Simulation(7, new PlantedFaults.Right()).run());
    }

    @Test
    void seedsReachRetriesLossesCommitsAndCancellations() {
        StringBuilder logs = new StringBuilder();
        for (long seed = 0; seed < 50; seed++) {
            logs.append(new Simulation(seed, new PlantedFaults.Right()).run());
        }
        for (String word : new String[] {
            "FetchFailed[",
            "RunnerLost[",
            "CommitJob[",
            "CancelTask[",
            "epoch=3",
            "RACK",
            "TaskCancelled[",
            "ResultTaken[",
            "ResultLost[",
            "PassBarrier[",
            "RefuseBarrier[",
            "profile=1",
            "TaskParked[",
            "TaskDropped["
        }) {
            assertTrue(logs.indexOf(word) >= 0, () -> "no seed of 50 has a " + word);
        }
    }

    @Test
    void findsThatALostOutputIsNotRunAgain() {
        assertFound(PlantedFaults.LostOutputNotRerun::new, "is launched to read");
    }

    @Test
    void findsThatALostResultIsNotMadeAgain() {
        assertFound(PlantedFaults.LostResultNotRerun::new, "succeeded without the result of");
    }

    @Test
    void findsThatAJobEndsBeforeTheDriverHasItsResults() {
        assertFound(PlantedFaults.EndsBeforeResultsAreTaken::new, "before the driver had the result of");
    }

    @Test
    void findsThatTheRestOfABarrierStageGoesOn() {
        assertFound(PlantedFaults.RestOfGangGoesOn::new, "goes on");
    }

    @Test
    void findsThatABarrierLetsATaskPassAlone() {
        assertFound(PlantedFaults.BarrierOpen::new, "has not come");
    }

    @Test
    void findsThatWhatABarrierStageMadeInVainIsNotGivenBack() {
        assertFound(PlantedFaults.ParkedForgotten::new, "barrier stage");
    }

    @Test
    void findsThatTwoCommitsOfOneTaskAreGranted() {
        assertFound(PlantedFaults.CommitGrantedTwice::new, "commits of one task are granted to");
    }

    @Test
    void findsThatTheSlowerOneOfTwoAttemptsGoesOn() {
        assertFound(PlantedFaults.LoserNotCancelled::new, "but another attempt goes on");
    }

    @Test
    void findsThatARunnerHasMoreTasksThanSlots() {
        assertFound(PlantedFaults.SlotTooMany::new, "that is not there");
    }

    @Test
    void findsThatATaskTakesMoreSlotsThanAreFree() {
        assertFound(PlantedFaults.SharesForgotten::new, " are taken");
    }

    @Test
    void findsThatATaskRunsOnARunnerOfAnotherProfile() {
        assertFound(PlantedFaults.ProfilesForgotten::new, "of profile 1 is launched on");
    }

    @Test
    void findsThatALateSuccessOfACancelledAttemptIsAccepted() {
        assertFound(PlantedFaults.CancelledAccepted::new, "is accepted though it was cancelled");
    }

    /** Some seed fails with one of these words, fails the same way again, and does not fail without the fault. */
    private static void assertFound(Supplier<Simulation.Subject> faulty, String... words) {
        for (long seed = 0; seed < SEEDS; seed++) {
            long current = seed;
            String found = violation(current, faulty.get());
            for (String word : words) {
                if (found.contains(word)) {
                    Invariants.Violation again =
                            assertThrows(Invariants.Violation.class, () -> new Simulation(current, faulty.get()).run());
                    assertEquals(found, again.getMessage(), "seed " + seed + " replays");
                    assertEquals("", violation(current, new PlantedFaults.Right()));
                    return;
                }
            }
        }
        fail("no seed of " + SEEDS + " found it");
    }

    private static String violation(long seed, Simulation.Subject subject) {
        try {
            new Simulation(seed, subject).run();
            return "";
        } catch (Invariants.Violation e) {
            return e.getMessage();
        }
    }
}
