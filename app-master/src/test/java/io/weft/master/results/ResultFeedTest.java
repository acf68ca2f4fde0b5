package io.weft.master.results;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.TaskAttemptId;
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

    private static TaskAttemptId attempt(int partition, int number) {
        return new TaskAttemptId(3, partition, number);
    }

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
        try (ResultFeed feed = new ResultFeed(List.of(7, 2, 5), false, folder.resolve("overflow"))) {
            assertTrue(feed.offer(attempt(5, 0), block("five")));
            assertTrue(feed.offer(attempt(2, 0), block("two")));
            assertTrue(feed.poll().isEmpty());
            feed.offer(attempt(7, 0), block("seven"));
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
        ResultFeed feed = new ResultFeed(IntStream.range(0, count).boxed().toList(), false, overflow);
        for (int i = count - 1; i >= 0; i--) {
            feed.offer(attempt(i, 0), inline(i));
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
        try (ResultFeed feed = new ResultFeed(List.of(0, 1, 2), false, folder.resolve("overflow"))) {
            feed.offer(attempt(1, 0), block("one"));
            feed.offer(attempt(2, 0), inline(2));
            assertEquals(
                    List.of("one"),
                    feed.abandon().stream().map(ResultRef::block).toList());
            assertFalse(feed.offer(attempt(0, 0), block("zero")));
        }
    }

    @Test
    void aResultThatWasLostComesAgainInItsPlace() throws Exception {
        try (ResultFeed feed = new ResultFeed(List.of(0, 1), false, folder.resolve("overflow"))) {
            feed.offer(attempt(0, 0), block("zero"));
            ResultFeed.Next first = feed.poll().orElseThrow();
            feed.unpoll(first);
            assertTrue(feed.poll().isEmpty());
            feed.offer(attempt(1, 0), block("one"));
            assertTrue(feed.poll().isEmpty());
            feed.offer(attempt(0, 1), block("again"));
            assertEquals("again", feed.poll().orElseThrow().ref().block());
            assertEquals("one", feed.poll().orElseThrow().ref().block());
            assertEquals(2_000_000, feed.totalBytes());
        }
    }

    @Test
    void losesWhatALostRunnerHeldAndNobodyPolled() throws Exception {
        try (ResultFeed feed = new ResultFeed(List.of(0, 1, 2, 3), false, folder.resolve("overflow"))) {
            feed.offer(attempt(0, 0), block("polled"));
            feed.poll();
            feed.offer(attempt(1, 0), block("lost"));
            feed.offer(attempt(2, 0), inline(2));
            feed.offer(attempt(3, 0), new ResultRef("other", "r2", "host", 0, 1_000_000, 1, new byte[0]));
            assertEquals(List.of(attempt(1, 0)), feed.lose("r1"));
            assertEquals(List.of(), feed.lose("r1"));
            assertEquals(2_000_000 + INLINE_BYTES, feed.totalBytes());
            feed.offer(attempt(1, 1), block("again"));
            assertEquals("again", feed.poll().orElseThrow().ref().block());
        }
    }

    @Test
    void oneLostResultMakesAllVoidWhereAllMustBeOfOneTry() throws Exception {
        try (ResultFeed feed = new ResultFeed(List.of(0, 1, 2), true, folder.resolve("overflow"))) {
            feed.offer(attempt(0, 0), inline(0));
            feed.offer(attempt(1, 0), block("one"));
            feed.offer(attempt(2, 0), block("two"));
            feed.poll();
            ResultFeed.Next lost = feed.poll().orElseThrow();
            feed.unpoll(lost);
            assertTrue(feed.poll().isEmpty());
            assertEquals(0, feed.totalBytes());
            assertEquals(
                    List.of("two"),
                    feed.takeUnwanted().stream().map(ResultRef::block).toList());
            assertEquals(List.of(), feed.takeUnwanted());
            for (int partition = 2; partition >= 0; partition--) {
                feed.offer(attempt(partition, 1), block("again " + partition));
            }
            ResultFeed.Next first = feed.poll().orElseThrow();
            assertEquals("again 0", first.ref().block());
            assertEquals(ResultFeed.Voided.ALL, first.voids());
            feed.unpoll(lost); // a read of the try before fails late
            ResultFeed.Next second = feed.poll().orElseThrow();
            assertEquals("again 1", second.ref().block());
            assertEquals(ResultFeed.Voided.NONE, second.voids());
        }
    }

    @Test
    void aLostRunnerMakesAllVoidWhereAllMustBeOfOneTry() throws Exception {
        try (ResultFeed feed = new ResultFeed(List.of(0, 1, 2), true, folder.resolve("overflow"))) {
            feed.offer(attempt(0, 3), inline(0));
            feed.offer(attempt(1, 3), block("one"));
            feed.offer(attempt(2, 3), new ResultRef("two", "r2", "host", 0, 1_000_000, 1, new byte[0]));
            feed.poll();
            assertEquals(List.of(attempt(1, 3)), feed.lose("r1"));
            assertEquals(List.of(), feed.lose("r2"));
            assertEquals(
                    List.of("two"),
                    feed.abandon().stream().map(ResultRef::block).toList());
        }
    }
}
