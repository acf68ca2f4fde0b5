package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.master.config.AllocationSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AllocationTest {
    private static final long IDLE = 60_000;
    private static final long CACHED_IDLE = 600_000;

    private final Set<String> persisted = new HashSet<>();
    private final Set<String> needed = new HashSet<>();
    private final Allocation.Ties ties = new Allocation.Ties() {
        @Override
        public boolean keepsPersisted(String runner) {
            return persisted.contains(runner);
        }

        @Override
        public boolean isNeeded(String runner) {
            return needed.contains(runner);
        }
    };

    /** Two slots a runner; more after 1 s of waiting, and again each 2 s. */
    private static Allocation allocation(int min, int max, int initial) {
        return new Allocation(new AllocationSettings(min, max, initial, IDLE, CACHED_IDLE, 1_000, 2_000), 2, initial);
    }

    private static Allocation.Turn turn(int wanted, String... release) {
        return new Allocation.Turn(wanted, List.of(release));
    }

    @Test
    void asksForOneThenTwoThenFourMoreWhileTasksWait() {
        Allocation allocation = allocation(0, 100, 1);
        assertEquals(turn(1), allocation.look(100, 0, ties));
        assertEquals(1_000, allocation.lookMillis());
        assertEquals(turn(1), allocation.look(100, 999, ties));
        assertEquals(turn(2), allocation.look(100, 1_000, ties));
        assertEquals(turn(2), allocation.look(100, 2_999, ties));
        assertEquals(turn(4), allocation.look(100, 3_000, ties));
        assertEquals(turn(8), allocation.look(100, 5_000, ties));
    }

    @Test
    void asksForNoMoreThanOneSlotForEachTaskAndNoMoreThanTheMaximum() {
        Allocation few = allocation(0, 100, 0);
        few.look(5, 0, ties);
        few.look(5, 1_000, ties);
        assertEquals(turn(3), few.look(5, 3_000, ties));
        assertEquals(Long.MAX_VALUE, few.lookMillis());
        Allocation bounded = allocation(0, 2, 0);
        bounded.look(1_000, 0, ties);
        bounded.look(1_000, 1_000, ties);
        assertEquals(turn(2), bounded.look(1_000, 3_000, ties));
        assertEquals(turn(2), bounded.look(1_000, 9_000, ties));
    }

    @Test
    void givesUpWhatHasNotComeWhenNoTaskNeedsIt() {
        Allocation allocation = allocation(0, 100, 0);
        allocation.look(8, 0, ties);
        allocation.look(8, 1_000, ties);
        allocation.look(8, 3_000, ties);
        allocation.registered("r0", 3_500);
        assertEquals(turn(1), allocation.look(0, 4_000, ties));
    }

    @Test
    void keepsWhatWasAskedForAtTheStartUntilThereWasWork() {
        Allocation allocation = allocation(0, 100, 3);
        allocation.registered("r0", 100);
        assertEquals(turn(3), allocation.look(0, 200, ties));
        assertEquals(turn(1), allocation.look(1, 300, ties));
    }

    @Test
    void releasesWhatIsIdleForLongButNotWhatWorks() {
        Allocation allocation = allocation(0, 100, 2);
        allocation.registered("r0", 0);
        allocation.registered("r1", 0);
        allocation.launched("r0", 10);
        allocation.launched("r1", 10);
        allocation.look(2, 10, ties);
        allocation.ended("r1", 500);
        assertEquals(turn(2), allocation.look(1, 500, ties));
        assertEquals(500 + IDLE, allocation.lookMillis());
        assertEquals(turn(2), allocation.look(1, 499 + IDLE, ties));
        assertEquals(turn(1, "r1"), allocation.look(1, 500 + IDLE, ties));
        assertEquals(turn(1), allocation.look(1, 900 + 10 * IDLE, ties));
    }

    @Test
    void keepsTheMinimumThoughItIsIdle() {
        Allocation allocation = allocation(1, 100, 2);
        allocation.registered("r0", 0);
        allocation.registered("r1", 0);
        assertEquals(turn(1, "r0"), allocation.look(0, IDLE, ties));
        assertEquals(turn(1), allocation.look(0, 10 * IDLE, ties));
    }

    @Test
    void keepsPersistedPartitionsForLonger() {
        Allocation allocation = allocation(0, 100, 2);
        allocation.registered("r0", 0);
        allocation.registered("r1", 0);
        persisted.add("r0");
        assertEquals(turn(1, "r1"), allocation.look(0, IDLE, ties));
        assertEquals(CACHED_IDLE, allocation.lookMillis());
        assertEquals(turn(0, "r0"), allocation.look(0, CACHED_IDLE, ties));
    }

    @Test
    void keepsWhatSomebodyNeedsAndLooksAgain() {
        Allocation allocation = allocation(0, 100, 1);
        allocation.registered("r0", 0);
        needed.add("r0");
        assertEquals(turn(1), allocation.look(0, IDLE, ties));
        assertEquals(IDLE + 1_000, allocation.lookMillis());
        needed.clear();
        assertEquals(turn(0, "r0"), allocation.look(0, IDLE + 1_000, ties));
    }

    @Test
    void aRunnerThatIsLostIsNotReleased() {
        Allocation allocation = allocation(0, 100, 1);
        allocation.registered("r0", 0);
        allocation.lost("r0");
        allocation.ended("r0", 5);
        assertEquals(List.of(), allocation.look(0, IDLE, ties).release());
    }
}
