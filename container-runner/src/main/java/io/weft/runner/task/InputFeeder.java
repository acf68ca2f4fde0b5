package io.weft.runner.task;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.input.FileMark;
import io.weft.runner.input.InputException;
import io.weft.runner.input.InputSource;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.shuffle.FetchFailedException;
import io.weft.runner.worker.Frame;
import io.weft.runner.worker.FrameType;
import io.weft.runner.worker.Json;
import io.weft.runner.worker.Worker;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Sends one input to the worker as far as its credits reach. Runs on a thread of its own, which reads ahead by one item; the
 * task's thread gives credits and closes. Invariant: no frame is sent once it is closed.
 */
final class InputFeeder implements Runnable {
    /** Opens the input; called on the feeder's thread. */
    interface Opening {
        InputSource open() throws IOException;
    }

    private final Worker worker;
    private final int stream;
    private final Opening opening;
    private final BooleanSupplier wanted = () -> !isClosed();

    /** Frames that may still be sent. Guarded by this object, as all below. */
    private long credits;

    /** Maps that made the frames sent last, one for each frame that the worker may not have taken yet, and one more. */
    private final Deque<Integer> recent = new ArrayDeque<>();

    private final long window;

    private boolean closed;
    private boolean ended;
    private Optional<InputSource> source = Optional.empty();
    private Optional<Exception> failure = Optional.empty();

    InputFeeder(Worker worker, int stream, long credits, Opening opening) {
        this.worker = worker;
        this.stream = stream;
        this.credits = credits;
        this.window = credits + 1;
        this.opening = opening;
    }

    @Override
    public void run() {
        try (InputSource opened = opening.open()) {
            if (!accept(opened)) {
                return;
            }
            Optional<InputSource.Item> item = opened.next();
            while (item.isPresent() && send(item.get())) {
                item = opened.next();
            }
            markEnded();
            ObjectNode end = Json.object();
            if (opened instanceof CachedInput cached && cached.isMissing()) {
                end.put("missing", true);
            }
            worker.sendIf(wanted, FrameType.END, stream, ByteBuffer.wrap(Json.bytes(end)));
        } catch (IOException | RuntimeException e) {
            fail(e);
        } catch (Error e) {
            // a codec that does not link, or Hadoop's FSError: without word of it the worker would wait for ever
            fail(new IOException(e.toString(), e));
        }
    }

    /** Whether all of it has been sent, so that the worker may open the stream anew (sorted runs: samples first, then ranges). */
    synchronized boolean hasEnded() {
        return ended;
    }

    private synchronized void markEnded() {
        ended = true;
    }

    /** What ended the input before its end, if anything did. */
    synchronized Optional<Exception> failure() {
        return failure;
    }

    synchronized Optional<InputSource> source() {
        return source;
    }

    /** Maps that made the bytes which the worker may be working on, in order. */
    synchronized List<Integer> recentMaps() {
        return recent.stream().filter(map -> map >= 0).distinct().toList();
    }

    synchronized void credit(long more) {
        credits += more;
        notifyAll();
    }

    /** No more frames; a read that waits is ended. */
    void close() {
        Optional<InputSource> open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = source;
            notifyAll();
        }
        if (open.isPresent()) {
            try {
                open.get().close();
            } catch (IOException e) {
                // nobody wants it any more
            }
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized boolean accept(InputSource opened) {
        source = Optional.of(opened);
        return !closed;
    }

    private boolean send(InputSource.Item item) throws IOException {
        if (item instanceof InputSource.LocalPart local) {
            ObjectNode json = Json.object();
            json.put("path", local.path().toString());
            json.put("offset", local.offset());
            json.put("length", local.length());
            json.put("map", local.map());
            return awaitCredit(local.map())
                    && worker.sendIf(wanted, FrameType.LOCAL, stream, ByteBuffer.wrap(Json.bytes(json)));
        }
        InputSource.Bytes piece = (InputSource.Bytes) item;
        ByteBuffer bytes = piece.buffer();
        int start = bytes.position();
        while (bytes.hasRemaining()) {
            int length = Math.min(bytes.remaining(), Frame.MAX_BULK_BYTES);
            ByteBuffer body = bytes.slice(bytes.position(), length);
            boolean first = bytes.position() == start;
            bytes.position(bytes.position() + length);
            if (!awaitCredit(piece.map())
                    || (first && !sendMarks(piece.marks()))
                    || !worker.sendIf(wanted, FrameType.DATA, stream, body)) {
                return false;
            }
        }
        return true;
    }

    private boolean sendMarks(List<FileMark> marks) throws IOException {
        if (marks.isEmpty()) {
            return true;
        }
        ObjectNode json = Json.object();
        ArrayNode files = json.putArray("files");
        for (FileMark mark : marks) {
            files.addArray().add(mark.at()).add(mark.path()).add(mark.start()).add(mark.ends());
        }
        return worker.sendIf(wanted, FrameType.FILES, stream, ByteBuffer.wrap(Json.bytes(json)));
    }

    /** Takes one credit, waiting for it, for bytes of {@code map}; false when the input was closed meanwhile. */
    private synchronized boolean awaitCredit(int map) {
        while (credits == 0 && !closed) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        credits--;
        recent.add(map);
        if (recent.size() > window) {
            recent.remove();
        }
        return !closed;
    }

    private void fail(Exception e) {
        synchronized (this) {
            if (closed) {
                return;
            }
            failure = Optional.of(e);
        }
        try {
            worker.sendIf(wanted, FrameType.FAIL, stream, ByteBuffer.wrap(Json.bytes(describe(e))));
        } catch (IOException gone) {
            // the task's thread sees that the worker has gone
        }
    }

    private static ObjectNode describe(Exception e) {
        ObjectNode json = Json.object();
        json.put("message", String.valueOf(e.getMessage()));
        if (e instanceof InputException input) {
            json.put("kind", "input")
                    .put("code", input.code())
                    .put("path", input.path())
                    .put("offset", input.offset());
        } else if (e instanceof FetchFailedException) {
            json.put("kind", "fetch");
        } else {
            json.put("kind", e instanceof ProtocolException ? "protocol" : "io");
        }
        return json;
    }
}
