package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BroadcastTreeTest {
    private static final BroadcastTree.Source MASTER = new BroadcastTree.Source("", 0);

    private final BroadcastTree tree = new BroadcastTree();

    private static BroadcastTree.Source node(int number) {
        return new BroadcastTree.Source("node" + number, 1000 + number);
    }

    private BroadcastTree.Source join(int number) {
        return tree.join(7, "r" + number, node(number));
    }

    @Test
    void twoReadFromTheMasterAndTwoFromEachRunnerInTheOrderOfAsking() {
        assertEquals(MASTER, join(0));
        assertEquals(MASTER, join(1));
        assertEquals(node(0), join(2));
        assertEquals(node(0), join(3));
        assertEquals(node(1), join(4));
        assertEquals(List.of("r0", "r1", "r2", "r3", "r4"), tree.members(7));
    }

    @Test
    void noServerHasMoreThanTwoReadersHoweverManyAsk() {
        Map<BroadcastTree.Source, Integer> readers = new HashMap<>();
        for (int number = 0; number < 1000; number++) {
            readers.merge(join(number), 1, Integer::sum);
        }
        assertEquals(2, readers.get(MASTER));
        assertTrue(readers.values().stream().allMatch(count -> count <= 2));
    }

    @Test
    void nobodyIsSentToALostRunnerAndWhoServedItServesAnother() {
        join(0);
        join(1);
        tree.lost("r0");
        assertEquals(MASTER, join(2));
        assertEquals(node(1), join(3));
        assertEquals(node(1), join(4));
        assertEquals(node(2), join(5));
    }

    @Test
    void whoAsksAgainReadsTheOriginal() {
        join(0);
        join(1);
        join(2);
        assertEquals(MASTER, join(2));
    }

    @Test
    void aRunnerWithoutABlockServerServesNobody() {
        assertEquals(MASTER, tree.join(7, "a", new BroadcastTree.Source("x", 0)));
        assertEquals(MASTER, tree.join(7, "b", new BroadcastTree.Source("x", 0)));
        assertEquals(MASTER, tree.join(7, "c", new BroadcastTree.Source("x", 0)));
    }

    @Test
    void aForgottenBroadcastBeginsAnew() {
        join(0);
        join(1);
        join(2);
        tree.forget(7);
        assertEquals(List.of(), tree.members(7));
        assertEquals(MASTER, join(2));
    }
}
