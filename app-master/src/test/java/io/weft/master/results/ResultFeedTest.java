package io.weft.master.results;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.ResultRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFeedTest {
    private static final int INLINE_BYTES = 60_000;

    @TempDir
    Path folder;

    private static ResultRef inline(int fill) {
        byte[] bytes = new byte[INLINE_BYTES];
        Arrays.fill(bytes, (byte) fill);
        return new ResultRef("", "r1", "host", 0, bytes.length, 1, bytes);
    }

    private static ResultRef block(String id) {
        return new ResultRef(id, "r1", "host", 0, 1_000_000, 1, new byte[0]);
    }

    @Test
    void givesResultsInTheOrderOfThePartitionsAsked() throws Exception {
        try (ResultFeed feed = new ResultFeed(List.of(7, 2, 5), folder.resolve("overflow"))) {
            assertTrue(feed.offer(5, block("five")));
            assertTrue(feed.offer(2, block("two")));
            assertTrue(feed.poll().isEmpty());
            feed.offer(7, block("seven"));
            assertEquals("seven", feed.poll().orElseThrow().ref().block());
            assertEquals("two", feed.poll().orElseThrow().ref().block());
            assertFalse(feed.isDrained());
            assertEquals("five", feed.poll().orElseThrow().ref().block());
            assertTrue(feed.isDrained());
            assertEquals(3_000_000, feed.totalBytes());
        }
    }

    @Test
    void keepsInlineResultsBeyondItsHeapInAFileThatGoesWithIt() throws Exception {
        int count = 300;
        Path overflow = folder.resolve("overflow");
        ResultFeed feed = new ResultFeed(IntStream.range(0, count).boxed().toList(), overflow);
        for (int i = count - 1; i >= 0; i--) {
            feed.offer(i, inline(i));
        }
        assertTrue(Files.size(overflow) > (long) count * INLINE_BYTES - ResultFeed.HEAP_BYTES - INLINE_BYTES);
        for (int i = 0; i < count; i++) {
            ResultFeed.Next next = feed.poll().orElseThrow();
            byte[] bytes = new byte[next.inline().remaining()];
            next.inline().get(bytes);
            assertArrayEquals(inline(i).inline(), bytes, "result " + i);
        }
        feed.close();
        assertFalse(Files.exists(overflow));
    }

    @Test
    void givesBackTheBlocksThatNobodyWillAskFor() throws Exception {
        try (ResultFeed feed = new ResultFeed(List.of(0, 1, 2), folder.resolve("overflow"))) {
            feed.offer(1, block("one"));
            feed.offer(2, inline(2));
            assertEquals(
                    List.of("one"),
                    feed.abandon().stream().map(ResultRef::block).toList());
            assertFalse(feed.offer(0, block("zero")));
        }
    }
}
