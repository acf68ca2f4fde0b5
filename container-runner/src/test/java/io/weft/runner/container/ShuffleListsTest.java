package io.weft.runner.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ShuffleListsTest {
    private final ShuffleLists lists = new ShuffleLists();

    @Test
    void joinsTheParts() {
        lists.add(new RunnerCommand.ShuffleOutputs(1, 0, 0, List.of(output(0), output(1)), false));
        assertThrows(ProtocolException.class, () -> lists.of(new InputSpec.Shuffle(1, 0, 3)));
        lists.add(new RunnerCommand.ShuffleOutputs(1, 0, 2, List.of(output(2)), true));
        assertEquals(List.of(output(0), output(1), output(2)), lists.of(new InputSpec.Shuffle(1, 0, 3)));
    }

    @Test
    void refusesAGap() {
        assertThrows(
                ProtocolException.class,
                () -> lists.add(new RunnerCommand.ShuffleOutputs(1, 0, 1, List.of(output(1)), true)));
    }

    @Test
    void keepsTheNewestEpochs() {
        for (int epoch = 0; epoch <= ShuffleLists.EPOCHS_KEPT; epoch++) {
            lists.add(new RunnerCommand.ShuffleOutputs(1, epoch, 0, List.of(output(epoch)), true));
        }
        assertThrows(ProtocolException.class, () -> lists.of(new InputSpec.Shuffle(1, 0, 1)));
        assertEquals(List.of(output(1)), lists.of(new InputSpec.Shuffle(1, 1, 1)));
        assertEquals(List.of(output(1), output(2), output(3), output(4)), lists.drop(1), "what was known until then");
        assertEquals(List.of(), lists.drop(1));
        assertThrows(ProtocolException.class, () -> lists.of(new InputSpec.Shuffle(1, 1, 1)));
    }

    private static MapOutput output(int map) {
        return new MapOutput(new MapOutputId("local_1_1", 1, map, 0), "r1", "host", 0, 0, "/x", 1, 1);
    }
}
