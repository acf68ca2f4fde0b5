package io.weft.master.gateway;

import io.weft.master.jobs.JobFailure;
import io.weft.master.jobs.Json;
import io.weft.master.jobs.Stacks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The body of FAILED: JSON and the pickled exception. */
final class FailedFrame {
    private static final int MAX_TEXT = 256 << 10;

    private FailedFrame() {}

    static ByteBuffer body(JobFailure failure) {
        byte[] json = Json.text(json(failure)).getBytes(StandardCharsets.UTF_8);
        byte[] pickled = failure.evidence().pickled();
        if (4 + json.length + pickled.length > DataFrames.MAX_BODY_BYTES) {
            pickled = new byte[0];
        }
        ByteBuffer body = ByteBuffer.allocate(4 + json.length + pickled.length);
        return body.putInt(json.length).put(json).put(pickled).flip();
    }

    private static Map<String, Object> json(JobFailure failure) {
        JobFailure.Where where = failure.where();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("code", failure.code());
        json.put("exit", failure.exit());
        json.put("kind", failure.kind());
        json.put("message", cut(Stacks.withoutFrames(failure.message())));
        json.put("error", error(failure.evidence().error()));
        json.put("stage", where.stage());
        json.put("task", where.task());
        json.put("of", where.of());
        json.put("attempts", where.attempts());
        json.put("hosts", where.hosts());
        json.put("name", where.name());
        json.put("site", where.site());
        json.put(
                "jvm",
                failure.evidence().stack().isEmpty()
                        ? null
                        : cut(failure.evidence().stack()));
        return json;
    }

    private static Map<String, Object> error(String text) {
        if (text.isEmpty() || text.length() > 4 * MAX_TEXT) {
            return null;
        }
        try {
            return Json.object(text);
        } catch (IOException notJson) {
            return null;
        }
    }

    private static String cut(String text) {
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…";
    }
}
