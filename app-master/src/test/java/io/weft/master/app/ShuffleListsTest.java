package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import io.weft.runner.protocol.RunnerCommand.ShuffleOutputs;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShuffleListsTest {
    private final ShuffleLists lists = new ShuffleLists();

    private static List<MapOutput> outputs(int count) {
        return IntStream.range(0, count)
                .mapToObj(map ->
                        new MapOutput(new MapOutputId("local_1_2", 3, map, 0), "r", "h", 0, 0, "/x/" + map, 4, 9))
                .toList();
    }

    @Test
    void tellsARunnerEachListOnce() {
        lists.ready(3, 0, outputs(2));
        assertEquals(List.of(new ShuffleOutputs(3, 0, 0, outputs(2), true)), lists.missing("a", Map.of(3, 0)));
        assertTrue(lists.missing("a", Map.of(3, 0)).isEmpty());
        assertEquals(1, lists.missing("b", Map.of(3, 0)).size());
    }

    @Test
    void cutsALongListIntoMessagesThatCoverIt() {
        lists.ready(3, 0, outputs(1_201));
        List<ShuffleOutputs> parts = lists.missing("a", Map.of(3, 0)).stream()
                .map(ShuffleOutputs.class::cast)
                .toList();
        assertEquals(
                List.of(0, 500, 1_000),
                parts.stream().map(ShuffleOutputs::firstMap).toList());
        assertEquals(
                List.of(false, false, true),
                parts.stream().map(ShuffleOutputs::last).toList());
        assertEquals(
                1_201, parts.stream().mapToInt(part -> part.outputs().size()).sum());
    }

    @Test
    void aShuffleWithoutMapsIsAnEmptyListThatIsTold() {
        lists.ready(3, 0, List.of());
        assertEquals(List.of(new ShuffleOutputs(3, 0, 0, List.of(), true)), lists.missing("a", Map.of(3, 0)));
    }

    @Test
    void aRunnerThatCameBackIsToldAgain() {
        lists.ready(3, 0, outputs(1));
        lists.missing("a", Map.of(3, 0));
        lists.runnerLost("a");
        assertEquals(1, lists.missing("a", Map.of(3, 0)).size());
    }

    @Test
    void anEpochThatWasNeverReadyIsADefect() {
        lists.ready(3, 1, outputs(1));
        assertThrows(IllegalStateException.class, () -> lists.missing("a", Map.of(3, 2)));
    }
}
