package io.weft.master.splits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.InputSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SplitCombinerTest {
    private static final long FILE_BYTES = 20 << 10;

    @Test
    void tenThousandFilesOfTwentyKilobytesMakeTwoToFiveSplitsWhoseFilesShareAHost() {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            int nodes = 3;
            List<SplitCombiner.Piece> small = new ArrayList<>();
            for (int order = 0; order < 10_000; order++) {
                int first = random.nextInt(nodes);
                int second = (first + 1 + random.nextInt(nodes - 1)) % nodes;
                small.add(piece(order, List.of("node" + first, "node" + second)));
            }
            List<SplitCombiner.Piece> made = new SplitCombiner(small, 10_000 * FILE_BYTES / 2).combine();
            assertTrue(made.size() >= 2 && made.size() <= 5, made.size() + " splits, seed " + seed);
            assertEquals(10_000, new HashSet<>(paths(made)).size());
            assertEquals(10_000, paths(made).size());
            for (SplitCombiner.Piece split : made) {
                Set<String> shared = new HashSet<>(split.split().hosts());
                for (InputSpec.FileRange range : split.split().input().ranges()) {
                    shared.retainAll(hosts(small, range));
                }
                assertEquals(false, shared.isEmpty(), "files of one split share no host, seed " + seed);
            }
        }
    }

    @Test
    void aSplitHasNoMoreFilesThanItsMessageCanName() {
        List<SplitCombiner.Piece> small = new ArrayList<>();
        for (int order = 0; order < 12_000; order++) {
            small.add(piece(order, List.of()));
        }
        List<Integer> files = new SplitCombiner(small, Long.MAX_VALUE)
                .combine().stream()
                        .map(piece -> piece.split().input().ranges().size())
                        .toList();
        assertEquals(List.of(5_000, 5_000, 2_000), files);
    }

    @Test
    void whatIsLeftOverOnManyHostsSharesASplit() {
        List<SplitCombiner.Piece> small = new ArrayList<>();
        for (int order = 0; order < 100; order++) {
            small.add(piece(order, List.of("node" + order)));
        }
        assertEquals(2, new SplitCombiner(small, 50 * FILE_BYTES).combine().size());
    }

    private static SplitCombiner.Piece piece(int order, List<String> hosts) {
        InputSpec.FileRange range = new InputSpec.FileRange("hdfs://nn/in/" + order, 0, FILE_BYTES, false);
        return new SplitCombiner.Piece(
                order, new Split(new InputSpec.Text(List.of(range)), hosts, FILE_BYTES), FILE_BYTES);
    }

    private static List<String> hosts(List<SplitCombiner.Piece> small, InputSpec.FileRange range) {
        int order = Integer.parseInt(range.path().substring(range.path().lastIndexOf('/') + 1));
        return small.get(order).split().hosts();
    }

    private static List<String> paths(List<SplitCombiner.Piece> splits) {
        return splits.stream()
                .flatMap(piece -> piece.split().input().ranges().stream())
                .map(InputSpec.FileRange::path)
                .toList();
    }
}
