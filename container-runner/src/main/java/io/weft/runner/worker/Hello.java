package io.weft.runner.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.protocol.ProtocolException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * What a worker says of itself on each of its three connections.
 *
 * @param role {@code control}, {@code stdout} or {@code stderr}
 * @param hashAlgorithm name, width and seed of the interpreter's hash, such as {@code siphash13/64/0}
 * @param compiled whether it has the compiled operators
 */
public record Hello(
        String role, int slot, int pid, String python, String implementation, String hashAlgorithm, boolean compiled) {
    static final int PROTOCOL = 1;
    private static final int MAX_BYTES = 64 * 1024;

    /** Reads the first frame of a connection and not a byte more: raw bytes may follow. */
    static Hello read(ReadableByteChannel channel) throws IOException {
        ByteBuffer header = readFully(channel, Frame.HEADER_BYTES);
        int length = header.getInt();
        int code = Byte.toUnsignedInt(header.get());
        if (code != FrameType.HELLO.code() || length < 0 || length > MAX_BYTES) {
            throw new ProtocolException("a connection began with a frame of type " + code + ", "
                    + Integer.toUnsignedString(length) + " bytes, not with HELLO");
        }
        return of(new Frame(FrameType.HELLO, 0, readFully(channel, length)));
    }

    private static ByteBuffer readFully(ReadableByteChannel channel, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("a connection ended before its HELLO");
            }
        }
        return buffer.flip();
    }

    /** Reads a HELLO frame; throws {@link ProtocolException} for any other, or another version of the protocol. */
    static Hello of(Frame frame) {
        if (frame.type() != FrameType.HELLO) {
            throw new ProtocolException("a connection began with " + frame.type() + ", not HELLO");
        }
        JsonNode json = frame.json();
        int protocol = json.path("protocol").asInt(-1);
        if (protocol != PROTOCOL) {
            throw new ProtocolException("a worker speaks protocol " + protocol + ", this runner " + PROTOCOL);
        }
        JsonNode hash = json.path("hash");
        return new Hello(
                json.path("role").asText(""),
                json.path("slot").asInt(-1),
                json.path("pid").asInt(-1),
                json.path("python").asText(""),
                json.path("implementation").asText(""),
                hash.path("algorithm").asText("") + "/" + hash.path("bits").asInt() + "/"
                        + hash.path("seed").asText(""),
                json.path("compiled").asBoolean(false));
    }
}
