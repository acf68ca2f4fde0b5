package io.weft.runner.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.output.RejectFiles;
import io.weft.runner.protocol.TaskSpec;
import io.weft.runner.worker.Frame;
import io.weft.runner.worker.FrameType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/** Takes rejected records, and leaves everything else to another sink. */
final class RejectingSink implements TaskSink {
    /** Properties of a task that name the folders of its steps' rejected records. */
    static final String FOLDER = "weft.rejects.";

    private final TaskSpec spec;
    private final TaskSink inner;
    private final Supplier<Configuration> hadoop;
    private Optional<RejectFiles> files = Optional.empty();

    RejectingSink(TaskSpec spec, TaskSink inner, Supplier<Configuration> hadoop) {
        this.spec = spec;
        this.inner = inner;
        this.hadoop = hadoop;
    }

    @Override
    public void accept(Frame frame) throws IOException {
        if (frame.type() != FrameType.REJECTS) {
            inner.accept(frame);
            return;
        }
        int step = frame.jsonPart().path("id").asInt(-1);
        String folder = spec.properties().get(FOLDER + step);
        if (folder == null) {
            return; // of a persisted partition that is made again: the job that made it first has kept and counted them
        }
        if (files.isEmpty()) {
            files = Optional.of(new RejectFiles(spec.id(), hadoop.get()));
        }
        files.get().write(folder, step, ByteBuffer.wrap(frame.bytesPart()));
    }

    @Override
    public Optional<Product> finish(JsonNode done, CommitGate gate) throws IOException, InterruptedException {
        if (files.isPresent()) {
            files.get().finish();
        }
        return inner.finish(done, gate);
    }

    @Override
    public void close() throws IOException {
        try {
            if (files.isPresent()) {
                files.get().close();
            }
        } finally {
            inner.close();
        }
    }
}
