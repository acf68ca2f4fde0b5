package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.runner.protocol.HadoopChanges;
import io.weft.runner.protocol.RunnerCommand;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ToldHadoopTest {
    private final ToldHadoop told = new ToldHadoop();

    private static HadoopChanges version(int number) {
        return new HadoopChanges(number, Map.of("a", "" + number), List.of());
    }

    private static Optional<RunnerCommand> command(int number, Integer... obsolete) {
        return Optional.of(new RunnerCommand.HadoopSettings(version(number), List.of(obsolete)));
    }

    @Test
    void tellsEachRunnerOfEachChangeOnce() {
        assertEquals(Optional.empty(), told.missing("r0", HadoopChanges.NONE, Set.of(0)));
        assertEquals(command(1), told.missing("r0", version(1), Set.of(0, 1)));
        assertEquals(Optional.empty(), told.missing("r0", version(1), Set.of(1)));
        assertEquals(command(1), told.missing("r1", version(1), Set.of(1)));
        told.runnerLost("r0");
        assertEquals(command(1), told.missing("r0", version(1), Set.of(1)));
    }

    @Test
    void letsARunnerForgetWhatNoRunningJobNeeds() {
        told.missing("r0", version(1), Set.of(1));
        assertEquals(command(2), told.missing("r0", version(2), Set.of(1, 2)));
        assertEquals(command(3, 1, 2), told.missing("r0", version(3), Set.of(3)));
        assertEquals(command(2), told.missing("r0", version(2), Set.of(2, 3)));
    }
}
