package io.weft.runner.task;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskSpec;
import io.weft.runner.worker.Json;
import io.weft.runner.worker.Worker;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** The body of a TASK frame: the spec, and what only the runner knows. */
final class TaskMessage {
    private TaskMessage() {}

    static ByteBuffer of(TaskSpec spec, TaskServices services, Worker worker) {
        TaskFolders folders = services.folders();
        ObjectNode task = Json.object();
        task.put("application", services.application());
        if (!services.sealKey().isEmpty()) {
            task.put("seal", services.sealKey());
        }
        task.put("stage", spec.id().stage());
        task.put("partition", spec.id().partition());
        task.put("attempt", spec.id().attempt());
        task.put("job", spec.job());
        task.put("label", label(spec));
        task.putRawValue("tree", new RawValue(spec.tree()));
        task.putRawValue("sink", new RawValue(spec.sink()));
        task.put("memory", spec.memoryBytes());
        addPaths(task.putArray("spill"), folders.spill(worker));
        addPaths(task.putArray("output"), folders.output());
        if (spec.output() instanceof OutputSpec.MapOutputFile output) {
            task.put("mapId", output.id().folder());
        }
        task.put("files", folders.files().toString());
        ArrayNode pyFiles = task.putArray("pyFiles");
        spec.pyFiles().forEach(pyFiles::add);
        task.putObject("env");
        ObjectNode properties = task.putObject("properties");
        spec.properties().forEach((name, value) -> {
            if (!name.startsWith(RejectingSink.FOLDER)) {
                properties.put(name, value);
            }
        });
        return ByteBuffer.wrap(Json.bytes(task));
    }

    /** {@code stage 2 task 17}. */
    static String label(TaskSpec spec) {
        return "stage " + spec.id().stage() + " task " + spec.id().partition();
    }

    private static void addPaths(ArrayNode array, List<Path> paths) {
        paths.forEach(path -> array.add(path.toString()));
    }
}
