package io.weft.runner.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.worker.Frame;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** Takes what a task puts out. One thread; {@link #close} drops whatever was not finished. */
interface TaskSink extends Closeable {
    /** What a finished task has to show. */
    record Product(Optional<MapOutput> output, Optional<ResultRef> result) {
        static final Product NOTHING = new Product(Optional.empty(), Optional.empty());
    }

    /** Asks the ApplicationMaster for the commit; waits for the answer. */
    interface CommitGate {
        boolean isGranted() throws InterruptedException;
    }

    /** The next RESULT, OUTPUT or PART frame. */
    default void accept(Frame frame) throws IOException {
        throw new ProtocolException("a worker sent " + frame.type() + ", which its task's sink does not have");
    }

    /**
     * The worker is done; {@code done} is its DONE object.
     *
     * @return empty when the commit was denied
     */
    Optional<Product> finish(JsonNode done, CommitGate gate) throws IOException, InterruptedException;

    @Override
    default void close() throws IOException {}
}
