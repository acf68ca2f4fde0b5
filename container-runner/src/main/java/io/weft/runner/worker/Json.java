package io.weft.runner.worker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.protocol.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** JSON objects to and from UTF-8 bytes. */
public final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    public static byte[] bytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("a JSON tree that cannot be written", e);
        }
    }

    /** The object in {@code body}; {@code what} names it in the {@link ProtocolException} thrown when there is none. */
    public static JsonNode object(ByteBuffer body, String what) {
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        return object(bytes, what);
    }

    public static JsonNode object(byte[] bytes, String what) {
        JsonNode node;
        try {
            node = MAPPER.readTree(bytes);
        } catch (IOException e) {
            throw new ProtocolException(what + " is not JSON: " + e.getMessage(), e);
        }
        if (node == null || !node.isObject()) {
            throw new ProtocolException(what + " is not a JSON object");
        }
        return node;
    }
}
