package io.weft.master.results;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpdateFeedTest {
    @TempDir
    Path folder;

    private static byte[] update(int number) {
        byte[] bytes = new byte[1_000_000 + number];
        Arrays.fill(bytes, (byte) number);
        return bytes;
    }

    @Test
    void givesUpdatesInTheirOrderAlsoFromItsFileWhichGoesWithIt() throws Exception {
        Path file = folder.resolve("overflow");
        UpdateFeed feed = new UpdateFeed(file);
        for (int number = 0; number < 20; number++) {
            feed.offer(update(number));
        }
        assertTrue(Files.size(file) > 10_000_000, "8 MiB are held in the heap");
        for (int number = 0; number < 10; number++) {
            assertArrayEquals(update(number), feed.poll());
        }
        feed.offer(update(20));
        for (int number = 10; number <= 20; number++) {
            assertArrayEquals(update(number), feed.poll());
        }
        assertEquals(0, feed.poll().length);
        feed.close();
        assertFalse(Files.exists(file));
        feed.offer(update(1));
        assertEquals(0, feed.poll().length);
    }

    @Test
    void passesOverWhatIsEmptyAndMakesNoFileForLittle() throws Exception {
        try (UpdateFeed feed = new UpdateFeed(folder.resolve("overflow"))) {
            feed.offer(new byte[0]);
            feed.offer(new byte[] {7});
            assertArrayEquals(new byte[] {7}, feed.poll());
            assertEquals(0, feed.poll().length);
            assertFalse(Files.exists(folder.resolve("overflow")));
        }
    }
}
