package io.weft.master.submit;

import io.weft.master.jobs.Json;
import io.weft.runner.container.ApplicationRecord;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** An {@link ApplicationRecord} in the making; the keys are listed there. */
final class RecordBody {
    private final Map<String, Object> values = new LinkedHashMap<>();

    RecordBody() {
        values.put("format", (long) ApplicationRecord.FORMAT);
    }

    RecordBody with(String key, Object value) {
        values.put(key, value);
        return this;
    }

    byte[] bytes() {
        return Json.text(values).getBytes(StandardCharsets.UTF_8);
    }
}
