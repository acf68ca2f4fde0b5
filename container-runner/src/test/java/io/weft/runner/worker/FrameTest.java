package io.weft.runner.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.ProtocolException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FrameTest {
    private static final Path PROTOCOL = Path.of("src/main/java/io/weft/runner/worker/PROTOCOL.md");

    @Test
    void readsTheExamplesOfTheProtocol() throws IOException {
        Map<String, byte[]> examples = examples();
        Frame hello = reader(examples.get("HELLO")).next().orElseThrow();
        assertEquals(FrameType.HELLO, hello.type());
        assertEquals(1, hello.json().path("protocol").asInt());
        Frame credit = reader(examples.get("CREDIT stream 1, 2 more")).next().orElseThrow();
        assertEquals(FrameType.CREDIT, credit.type());
        assertEquals(1, credit.stream());
        assertEquals(2, credit.body().getInt());
    }

    @Test
    void writesTheExamplesOfTheProtocol() throws IOException {
        Map<String, byte[]> examples = examples();
        assertEquals(
                HexFormat.of().formatHex(examples.get("DATA stream 0, two lines")),
                written(FrameType.DATA, "one\ntwo"));
        assertEquals(HexFormat.of().formatHex(examples.get("END stream 0")), written(FrameType.END, "{}"));
    }

    @Test
    void readsFramesThatComeInAnyPieces() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] large = new byte[300_000];
        large[299_999] = 7;
        bytes.write(HexFormat.of().parseHex("0000000217000000"));
        bytes.write("{}".getBytes(StandardCharsets.UTF_8));
        bytes.write(ByteBuffer.allocate(8).putInt(large.length).put((byte) 21).array());
        bytes.write(large);
        for (int piece : new int[] {1, 7, 8, 100_000, 1 << 20}) {
            FrameReader reader = new FrameReader(slow(bytes.toByteArray(), piece));
            assertEquals(FrameType.DONE, reader.next().orElseThrow().type());
            Frame result = reader.next().orElseThrow();
            assertEquals(ByteBuffer.wrap(large), result.body());
            assertTrue(reader.next().isEmpty());
            assertEquals(bytes.size(), reader.bytesRead());
        }
    }

    @Test
    void refusesWhatAWorkerMayNotSend() {
        for (String bad : new String[] {
            "0000000001000000", "0000000063000000", "0040000115000000", "ffffffff15000000", "0000000015000100"
        }) {
            assertThrows(
                    ProtocolException.class,
                    () -> reader(HexFormat.of().parseHex(bad)).next(),
                    bad);
        }
    }

    @Test
    void tellsAnEndInsideAFrameFromAnEndBetweenTwo() throws IOException {
        assertTrue(reader(new byte[0]).next().isEmpty());
        assertThrows(EOFException.class, () -> reader(new byte[] {0, 0, 0}).next());
        assertThrows(EOFException.class, () -> reader(HexFormat.of().parseHex("0000000915000000aa"))
                .next());
    }

    @Test
    void refusesJsonThatIsNone() throws IOException {
        Frame frame = new Frame(FrameType.DONE, 0, ByteBuffer.wrap(new byte[] {0, 0, 0, 9, '{', '}'}));
        assertThrows(ProtocolException.class, frame::jsonPart);
        assertThrows(
                ProtocolException.class, () -> new Frame(FrameType.OPEN, 0, ByteBuffer.wrap("[1]".getBytes())).json());
        Frame both = new Frame(FrameType.DONE, 0, ByteBuffer.wrap(new byte[] {0, 0, 0, 2, '{', '}', 5}));
        assertEquals(1, both.bytesPart().length);
    }

    @Test
    void doesNotWriteWhatIsNotWanted() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        FrameWriter writer = new FrameWriter(gathering(out));
        assertFalse(writer.writeIf(() -> false, FrameType.END, 0, ByteBuffer.allocate(2)));
        assertEquals(0, out.size());
        assertThrows(
                IllegalArgumentException.class,
                () -> writer.write(FrameType.DATA, 0, ByteBuffer.allocate(Frame.MAX_BODY_BYTES + 1)));
    }

    private static String written(FrameType type, String body) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new FrameWriter(gathering(out)).write(type, 0, ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(out.toByteArray());
    }

    private static FrameReader reader(byte[] bytes) {
        return new FrameReader(Channels.newChannel(new ByteArrayInputStream(bytes)));
    }

    private static java.nio.channels.ReadableByteChannel slow(byte[] bytes, int piece) {
        return Channels.newChannel(new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, piece));
            }
        });
    }

    private static GatheringByteChannel gathering(ByteArrayOutputStream out) {
        WritableByteChannel channel = Channels.newChannel(out);
        return new GatheringByteChannel() {
            @Override
            public long write(ByteBuffer[] parts, int offset, int length) throws IOException {
                long total = 0;
                for (int i = offset; i < offset + length; i++) {
                    total += channel.write(parts[i]);
                }
                return total;
            }

            @Override
            public long write(ByteBuffer[] parts) throws IOException {
                return write(parts, 0, parts.length);
            }

            @Override
            public int write(ByteBuffer part) throws IOException {
                return channel.write(part);
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        };
    }

    private static Map<String, byte[]> examples() throws IOException {
        String text = Files.readString(PROTOCOL);
        String block = text.substring(text.indexOf("```frames") + 9);
        Map<String, byte[]> examples = new LinkedHashMap<>();
        for (String line : block.substring(0, block.indexOf("```")).lines().toList()) {
            String[] parts = line.split("\\|", 2);
            if (parts.length == 2 && !line.startsWith("#")) {
                examples.put(parts[0].strip(), HexFormat.of().parseHex(parts[1].replace(" ", "")));
            }
        }
        return examples;
    }
}
