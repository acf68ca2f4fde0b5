package io.weft.master.scheduler;

import static io.weft.master.scheduler.Graphs.local;
import static io.weft.master.scheduler.SchedulerTester.USER;

import java.util.List;
import org.junit.jupiter.api.Test;

class SchedulerLocalityTest {
    private static final List<String> H1 = List.of("h1");
    private static final List<String> H2 = List.of("h2");

    private final SchedulerTester tester = new SchedulerTester();

    @Test
    void aTaskGoesToTheHostThatHoldsItsInput() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(
                1,
                local(0, List.of(H2, H1)),
                "start stage 0 tasks 2",
                "launch 0.0.0 on r2:0 NODE",
                "launch 0.1.0 on r1:0 NODE");
    }

    @Test
    void aFreeSlotTakesTheTaskOfItsHostFirst() {
        tester.submit(1, local(0, List.of(H1, List.of(), H2)), "start stage 0 tasks 3");
        tester.runner("r2", 1, "launch 0.2.0 on r2:0 NODE");
        tester.done("0.2.0", "accept 0.2.0 result", "launch 0.1.0 on r2:0 NONE");
    }

    @Test
    void aSlotWaitsForTasksOfItsHostBeforeItTakesOthers() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(
                1, local(0, List.of(H1, H1)), "start stage 0 tasks 2", "launch 0.0.0 on r1:0 NODE", "wake at 1050");
        tester.after(499, "wake at 1549");
        tester.after(50, "launch 0.1.0 on r2:0 ANY");
    }

    @Test
    void aTaskThatWaitsTakesItsHostWhenThatIsFreeInTime() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(
                1, local(0, List.of(H1, H1)), "start stage 0 tasks 2", "launch 0.0.0 on r1:0 NODE", "wake at 1050");
        tester.now += 40;
        tester.done("0.0.0", "accept 0.0.0 result", "launch 0.1.0 on r1:0 NODE");
    }

    @Test
    void theRackComesBeforeTheRest() {
        tester.runnerOn("r1", "h1", "east", 1);
        tester.runnerOn("r2", "h2", "east", 1);
        tester.runnerOn("r3", "h3", "west", 1);
        tester.submit(
                1, local(0, List.of(H1, H1, H1)), "start stage 0 tasks 3", "launch 0.0.0 on r1:0 NODE", "wake at 1050");
        tester.after(249, "wake at 1299");
        tester.after(50, "launch 0.1.0 on r2:0 RACK", "wake at 1349");
        tester.after(250, "launch 0.2.0 on r3:0 ANY");
    }

    @Test
    void tasksWhoseHostsHaveNoRunnerWaitOnlyOnce() {
        tester.runner("r1", 1);
        tester.submit(1, local(0, List.of(H2, H2)), "start stage 0 tasks 2", "wake at 1050");
        tester.after(500, "launch 0.0.0 on r1:0 ANY");
        tester.done("0.0.0", "accept 0.0.0 result", "launch 0.1.0 on r1:0 ANY");
    }

    @Test
    void tasksOfAHostThatLosesItsRunnerGoElsewhere() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(
                1,
                local(0, List.of(H1, H2, H2)),
                "start stage 0 tasks 3",
                "launch 0.0.0 on r1:0 NODE",
                "launch 0.1.0 on r2:0 NODE");
        tester.now += 1000;
        tester.lose("r2");
        tester.done("0.0.0", "accept 0.0.0 result", "launch 0.2.0 on r1:0 ANY");
        tester.done("0.2.0", "accept 0.2.0 result", "launch 0.1.1 on r1:0 ANY");
    }

    @Test
    void aRunnerThatComesLaterGetsTheTasksOfItsHost() {
        tester.runner("r1", 1);
        tester.submit(1, local(0, List.of(H2)), "start stage 0 tasks 1", "wake at 1050");
        tester.now += 300;
        tester.runner("r2", 1, "launch 0.0.0 on r2:0 NODE");
    }

    @Test
    void preferencesAreIgnoredWhenLocalityIsOff() {
        SchedulerTester off = new SchedulerTester(with(false, true));
        off.runner("r1", 1);
        off.runner("r2", 1);
        off.submit(
                1,
                local(0, List.of(H2, H2)),
                "start stage 0 tasks 2",
                "launch 0.0.0 on r1:0 ANY",
                "launch 0.1.0 on r2:0 NODE");
    }

    private static SchedulerSettings with(boolean locality, boolean hostsCome) {
        return SchedulerSettings.DEFAULT.withPreference(
                new SchedulerSettings.Preference(locality, hostsCome, 250, 250));
    }

    @Test
    void nobodyWaitsForHostsThatDoNotCome() {
        SchedulerTester all = new SchedulerTester(with(true, false));
        all.runner("r1", 1);
        all.runner("r2", 1);
        all.submit(
                1,
                local(0, List.of(H2, List.of("h3"), List.of("h3"), H2)),
                "start stage 0 tasks 4",
                "launch 0.0.0 on r2:0 NODE",
                "launch 0.1.0 on r1:0 ANY");
        all.done("0.1.0", "accept 0.1.0 result", "launch 0.2.0 on r1:0 ANY");
        all.done("0.2.0", "accept 0.2.0 result", "wake at 1050");
        all.lose("r2", "launch 0.0.1 on r1:0 ANY");
        all.done("0.0.1", "accept 0.0.1 result", "launch 0.3.0 on r1:0 ANY");
    }

    @Test
    void aTaskPrefersAnyOfItsHosts() {
        tester.runner("r2", 1);
        tester.submit(1, local(0, List.of(List.of("h1", "h2"))), "start stage 0 tasks 1", "launch 0.0.0 on r2:0 NODE");
    }

    @Test
    void aRetryOnItsOnlyHostIsNotHeldBack() {
        tester.runner("r1", 1);
        tester.submit(1, local(0, List.of(H1)), "start stage 0 tasks 1", "launch 0.0.0 on r1:0 NODE");
        tester.failed("0.0.0", USER, "launch 0.0.1 on r1:0 NODE");
    }

    @Test
    void aSlotThatWaitsForOneJobServesAnother() {
        tester.runner("r1", 1);
        tester.runner("r2", 1);
        tester.submit(
                1, local(0, List.of(H1, H1)), "start stage 0 tasks 2", "launch 0.0.0 on r1:0 NODE", "wake at 1050");
        tester.submit(2, local(1, List.of(H2)), "start stage 1 tasks 1", "launch 1.0.0 on r2:0 NODE");
    }
}
