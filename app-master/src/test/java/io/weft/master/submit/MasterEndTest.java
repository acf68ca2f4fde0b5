package io.weft.master.submit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class MasterEndTest {
    /** As Hadoop 3.5.0's ResourceManager words it, up to the exit code and behind it. */
    private static final String BEFORE =
            "Application application_17_0012 failed 1 times (global limit =2; local limit is =1) due to "
                    + "AM Container for appattempt_17_0012_000001 exited with  exitCode: ";

    private static final String AFTER =
            "\nFailing this attempt.Diagnostics: [2026-11-21 01:44:27.127]Container killed on request."
                    + " Exit code is 137\nFor more detailed output, check the application tracking page";

    @Test
    void aMasterThatASignalEndedIsSaidInOneLine() {
        assertEquals(
                Optional.of("The ApplicationMaster of application_17_0012 was killed by signal 9; "
                        + "all of it: yarn logs -applicationId application_17_0012"),
                MasterEnd.bySignal("application_17_0012", BEFORE + "137" + AFTER));
    }

    @Test
    void anExitByItsOwnNeedsYarnsWords() {
        assertEquals(Optional.empty(), MasterEnd.bySignal("application_17_0012", BEFORE + "4" + AFTER));
        assertEquals(Optional.empty(), MasterEnd.bySignal("application_17_0012", BEFORE + "-1000" + AFTER));
        assertEquals(Optional.empty(), MasterEnd.bySignal("application_17_0012", ""));
    }
}
