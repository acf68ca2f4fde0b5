package io.weft.runner.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import io.weft.runner.worker.Frame;
import io.weft.runner.worker.FrameType;
import io.weft.runner.worker.Json;
import io.weft.runner.worker.Worker;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Calls of barrier() and allGather of one worker: on to the ApplicationMaster, and what it says back. Any thread may answer; answers
 * reach the worker in order, by threads that may wait for it.
 */
public final class BarrierLink {
    private final Worker worker;
    private final Executor threads;
    private final Consumer<TaskFailure> stop;

    /** The last answer on its way. Guarded by this object. */
    private CompletableFuture<Void> answered = CompletableFuture.completedFuture(null);

    BarrierLink(Worker worker, Executor threads, Consumer<TaskFailure> stop) {
        this.worker = worker;
        this.threads = threads;
        this.stop = stop;
    }

    /** What a BARRIER frame says. */
    RunnerEvent reached(TaskAttemptId id, Frame frame) {
        byte[] message = frame.bytesPart();
        if (message.length > RunnerEvent.MAX_BARRIER_BYTES) {
            throw new ProtocolException("a worker sent a BARRIER of " + message.length + " bytes");
        }
        return new RunnerEvent.BarrierReached(
                id,
                frame.jsonPart().path("call").asInt(-1),
                frame.jsonPart().path("gathers").asBoolean(),
                new String(message, StandardCharsets.UTF_8));
    }

    /** Some of what all tasks said, in order, and with the last of it the end of the call. */
    public void pass(RunnerCommand.BarrierPassed passed) {
        List<byte[]> encoded = new ArrayList<>();
        int length = 0;
        for (String message : passed.messages()) {
            byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
            encoded.add(bytes);
            length += Integer.BYTES + bytes.length;
        }
        ByteBuffer rest = ByteBuffer.allocate(length);
        encoded.forEach(bytes -> rest.putInt(bytes.length).put(bytes));
        later(Json.object().put("call", passed.call()).put("last", passed.last()), rest.array());
    }

    /** The call has ended in vain. */
    public void refuse(RunnerCommand.BarrierRefused refused) {
        ObjectNode head = Json.object().put("call", refused.call()).put("last", true);
        later(head.put("refused", refused.reason()), new byte[0]);
    }

    private synchronized void later(ObjectNode head, byte[] rest) {
        answered = answered.thenRunAsync(() -> send(head, rest), threads);
    }

    private void send(ObjectNode head, byte[] rest) {
        byte[] json = Json.bytes(head);
        ByteBuffer body = ByteBuffer.allocate(Integer.BYTES + json.length + rest.length);
        body.putInt(json.length).put(json).put(rest).flip();
        try {
            worker.send(FrameType.PASSED, 0, body);
        } catch (IOException e) {
            stop.accept(Failures.runner("the worker could not be told what became of its barrier", e));
        }
    }
}
