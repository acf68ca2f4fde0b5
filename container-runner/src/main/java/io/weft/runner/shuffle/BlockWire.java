package io.weft.runner.shuffle;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What both ends of a block server's connection know; MAPOUTPUT.md specifies it. */
final class BlockWire {
    static final int NONCE_BYTES = 16;
    static final int PROOF_BYTES = 32;
    static final int MAX_ID_BYTES = 1024;
    /** A status's sentence is cut to this. */
    static final int MAX_SENTENCE_BYTES = 4096;

    static final byte OP_MAP_OUTPUT = 1;
    static final byte OP_BLOCK = 2;
    static final byte OP_RANGE = 3;

    static final byte STATUS_OK = 0;
    static final byte STATUS_NOT_FOUND = 1;
    static final byte STATUS_BAD_REQUEST = 2;
    static final byte STATUS_FAILED = 3;

    private static final byte[] GREETING = Arrays.copyOf("weft-block-v1".getBytes(StandardCharsets.US_ASCII), 16);

    private BlockWire() {}

    static byte[] greeting() {
        return GREETING.clone();
    }

    /** {@code side}: "client" or "server", the one that proves it knows the secret. */
    static byte[] proof(byte[] secret, String side, byte[] nonce) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update(side.getBytes(StandardCharsets.US_ASCII));
            return mac.doFinal(nonce);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no HmacSHA256", e);
        }
    }

    /** {@code first} and {@code end} are sent with {@link #OP_RANGE} alone. */
    static ByteBuffer request(byte op, String id, int from, int to, long first, long end) {
        byte[] name = id.getBytes(StandardCharsets.UTF_8);
        if (name.length == 0 || name.length > MAX_ID_BYTES) {
            throw new IllegalArgumentException(
                    "the id " + id + " has " + name.length + " bytes, 1 to " + MAX_ID_BYTES + " are possible");
        }
        ByteBuffer request = ByteBuffer.allocate(1 + 2 + name.length + 8 + 16);
        request.put(op).putShort((short) name.length).put(name).putInt(from).putInt(to);
        if (op == OP_RANGE) {
            request.putLong(first).putLong(end);
        }
        return request.flip();
    }

    static ByteBuffer responseHead(byte status, long length) {
        return ByteBuffer.allocate(9).put(status).putLong(length).flip();
    }
}
