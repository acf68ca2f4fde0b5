package io.weft.runner.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.protocol.ProtocolException;
import java.nio.ByteBuffer;

/**
 * One frame as it came. {@code stream} is an input's number, 0 where there is none; {@code body} is the receiver's to keep.
 */
public record Frame(FrameType type, int stream, ByteBuffer body) {
    /** Longest body of any frame, in bytes. */
    public static final int MAX_BODY_BYTES = 4 << 20;

    /** Longest body that carries bulk data, in bytes. */
    public static final int MAX_BULK_BYTES = 1 << 20;

    /** Length of what stands before a body, in bytes. */
    public static final int HEADER_BYTES = 8;

    /** The whole body as a JSON object; throws {@link ProtocolException} when it is none. */
    public JsonNode json() {
        return Json.object(body.duplicate(), type.name());
    }

    /** The JSON object of a body of JSON and bytes. */
    public JsonNode jsonPart() {
        ByteBuffer part = body.duplicate();
        part.limit(part.position() + 4 + jsonLength());
        part.position(part.position() + 4);
        return Json.object(part, type.name());
    }

    /** The bytes after the JSON object of a body of JSON and bytes. */
    public byte[] bytesPart() {
        ByteBuffer part = body.duplicate();
        part.position(part.position() + 4 + jsonLength());
        byte[] bytes = new byte[part.remaining()];
        part.get(bytes);
        return bytes;
    }

    private int jsonLength() {
        if (body.remaining() < 4) {
            throw new ProtocolException(type + " frame of " + body.remaining() + " bytes has no length of its JSON");
        }
        int length = body.getInt(body.position());
        if (length < 0 || length > body.remaining() - 4) {
            throw new ProtocolException(
                    type + " frame: " + length + " bytes of JSON in a body of " + body.remaining() + " bytes");
        }
        return length;
    }
}
