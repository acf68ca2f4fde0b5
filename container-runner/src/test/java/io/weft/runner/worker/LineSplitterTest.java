package io.weft.runner.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LineSplitterTest {
    private final LineSplitter splitter = new LineSplitter();

    @Test
    void givesWholeLinesOnly() {
        assertEquals(List.of("one", "two"), feed("one\r\ntwo\nthr"));
        assertEquals(List.of("three", ""), feed("ee\n\n"));
        assertEquals(List.of(), splitter.flush());
    }

    @Test
    void givesTheRestWhenFlushed() {
        feed("no end");
        assertEquals(List.of("no end"), splitter.flush());
        assertEquals(List.of(), splitter.flush());
    }

    @Test
    void decodesACharacterThatComesInTwoPieces() {
        byte[] bytes = "gr\u00fc\n".getBytes(StandardCharsets.UTF_8);
        splitter.feed(ByteBuffer.wrap(bytes, 0, 3));
        assertEquals(List.of("gr\u00fc"), splitter.feed(ByteBuffer.wrap(bytes, 3, bytes.length - 3)));
    }

    @Test
    void cutsALineThatIsTooLong() {
        List<String> lines = feed("x".repeat(LineSplitter.MAX_LINE_BYTES + 5) + "\n");
        assertEquals(2, lines.size());
        assertEquals(LineSplitter.MAX_LINE_BYTES, lines.get(0).length());
        assertEquals("xxxxx", lines.get(1));
    }

    private List<String> feed(String text) {
        return splitter.feed(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }
}
