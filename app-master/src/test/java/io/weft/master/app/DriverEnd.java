package io.weft.master.app;

import io.weft.master.jobs.Json;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** A driver's connection to the data socket. */
final class DriverEnd implements AutoCloseable {
    static final int PARTITION = 68;
    static final int BYTES = 66;
    static final int PROGRESS = 69;
    static final int OK = 70;
    static final int FAILED = 71;

    /** A frame; {@code body} whole. */
    record Frame(int type, byte[] body) {
        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        /** The JSON of OK, PARTITION, PROGRESS, and of FAILED without its bytes. */
        Map<String, Object> json() throws IOException {
            if (type != FAILED) {
                return Json.object(text());
            }
            int length = ByteBuffer.wrap(body).getInt();
            return Json.object(new String(body, 4, length, StandardCharsets.UTF_8));
        }

        byte[] pickled() {
            int length = ByteBuffer.wrap(body).getInt();
            return java.util.Arrays.copyOfRange(body, 4 + length, body.length);
        }
    }

    private final SocketChannel channel;
    private final DataInputStream in;

    DriverEnd(Path socket, String token) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        in = new DataInputStream(Channels.newInputStream(channel));
        send(64, Json.text(Map.of("token", token)).getBytes(StandardCharsets.UTF_8));
    }

    void send(int type, byte[] body) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(8 + body.length);
        frame.putInt(body.length)
                .put((byte) type)
                .put((byte) 0)
                .putShort((short) 0)
                .put(body)
                .flip();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    void request(String json, byte[]... payload) throws IOException {
        send(65, json.getBytes(StandardCharsets.UTF_8));
        for (byte[] part : payload) {
            send(BYTES, part);
        }
        send(67, new byte[] {'{', '}'});
    }

    Frame read() throws IOException {
        int length = in.readInt();
        int type = in.readUnsignedByte();
        in.skipNBytes(3);
        return new Frame(type, in.readNBytes(length));
    }

    /** The next frame that is no PROGRESS. */
    Frame answer() throws IOException {
        Frame frame = read();
        while (frame.type() == PROGRESS) {
            frame = read();
        }
        return frame;
    }

    /** Whether the gateway has closed the connection; waits for the next byte. */
    boolean isAtEnd() throws IOException {
        return in.read() < 0;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
