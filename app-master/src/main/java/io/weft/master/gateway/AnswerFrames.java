package io.weft.master.gateway;

import io.weft.master.jobs.ActiveJob;
import io.weft.master.jobs.JobRun;
import io.weft.master.jobs.StageProgress;
import io.weft.runner.protocol.TaskStats;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON objects of OK and PROGRESS. */
final class AnswerFrames {
    private AnswerFrames() {}

    static Map<String, Object> finished(ActiveJob job) {
        JobRun.Totals totals = job.run().totals();
        TaskStats sum = totals.stats();
        Map<String, Object> stats = new LinkedHashMap<>();
        stats.put("rowsIn", sum.rowsIn());
        stats.put("bytesIn", sum.bytesIn());
        stats.put("rowsOut", sum.rowsOut());
        stats.put("bytesOut", sum.bytesOut());
        stats.put("spilledBytes", sum.spilledBytes());
        stats.put("peakRss", sum.peakRssBytes());
        stats.put("tasks", totals.tasks());
        stats.put("retries", totals.retries());
        stats.put("stages", totals.stages());
        stats.put("wallMillis", job.wallMillis());
        stats.put("border", sum.borderBytes());
        stats.put("compiled", sum.compiled());
        stats.putAll(job.run().counters());
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("job", job.run().spec().job());
        json.put("stats", stats);
        if (!job.run().leftOut().isEmpty()) {
            json.put("leftOut", job.run().leftOut());
        }
        return json;
    }

    static Map<String, Object> progress(ActiveJob job) {
        List<Object> stages = new ArrayList<>();
        for (StageProgress stage : job.run().progress()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("id", stage.id());
            one.put("position", stage.position());
            one.put("of", stage.of());
            one.put("name", stage.name());
            one.put("site", stage.site());
            one.put("tasks", stage.tasks());
            one.put("done", stage.done());
            one.put("running", stage.running());
            one.put("failed", stage.failed());
            stages.add(one);
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("job", job.run().spec().job());
        json.put("stages", stages);
        String waiting = job.waiting();
        json.put("waiting", waiting.isEmpty() ? null : waiting);
        return json;
    }
}
