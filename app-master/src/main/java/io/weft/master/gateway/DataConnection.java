package io.weft.master.gateway;

import io.weft.master.jobs.ActiveJob;
import io.weft.master.jobs.JobException;
import io.weft.master.jobs.JobFailure;
import io.weft.master.jobs.JobRun;
import io.weft.master.jobs.Json;
import io.weft.master.jobs.Stacks;
import io.weft.master.results.ResultFeed;
import io.weft.master.results.ResultLostException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.socket.LocalServer;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One connection of the driver: one request after another, answered by the thread that reads them. */
final class DataConnection {
    private static final int MAX_PLAN_BYTES = 64 << 20;
    private static final long PROGRESS_MILLIS = 100;

    private final DataChannel channel;
    private final DataSocketServer.Services services;
    private long nextProgressNanos;
    private String lastProgress = "";

    DataConnection(DataChannel channel, DataSocketServer.Services services) {
        this.channel = channel;
        this.services = services;
    }

    /** Serves until the driver closes the connection; a wrong token closes it at once. */
    void serve(String token) throws IOException {
        DataChannel.Frame first = channel.read();
        if (first == null || first.type() != DataFrames.AUTH) {
            return;
        }
        String given = Json.string(Json.object(first.text()), "token", "");
        if (!LocalServer.sameToken(token, given)) {
            return;
        }
        for (DataChannel.Frame frame = channel.read(); frame != null; frame = channel.read()) {
            if (frame.type() != DataFrames.REQUEST) {
                throw new IOException("frame of type " + frame.type() + " where a request begins");
            }
            answer(Json.object(frame.text()));
        }
    }

    private void answer(Map<String, Object> request) throws IOException {
        String operation = Json.string(request, "op", "");
        try {
            switch (operation) {
                case "put" -> put(Json.string(request, "id", ""));
                case "has" -> has(Json.list(request, "ids"));
                case "drop" -> drop(request);
                case "link" -> link(Json.string(request, "id", ""), Json.string(request, "path", ""));
                case "forget" ->
                    forget(Json.list(request, "broadcasts"), Boolean.TRUE.equals(request.get("destroyed")));
                case "partitions" -> partitions();
                case "run" -> run();
                default -> throw new IOException("unknown request '" + operation + "'");
            }
        } catch (JobException failed) {
            channel.write(DataFrames.FAILED, FailedFrame.body(failed.failure()));
        } catch (RuntimeException defect) {
            String text = "Weft failed in request '" + operation + "': " + Stacks.message(defect);
            channel.write(DataFrames.FAILED, FailedFrame.body(JobFailure.of("", 7, "internal", text, defect)));
        }
    }

    /** The next BYTES frame of the payload, or null at FINISH. */
    private DataChannel.Frame payload() throws IOException {
        DataChannel.Frame frame = channel.read();
        if (frame == null) {
            throw new EOFException("the connection ended inside a request");
        }
        if (frame.type() == DataFrames.FINISH) {
            return null;
        }
        if (frame.type() != DataFrames.BYTES) {
            throw new IOException("frame of type " + frame.type() + " inside a payload");
        }
        return frame;
    }

    private byte[] wholePayload() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (DataChannel.Frame frame = payload(); frame != null; frame = payload()) {
            if (all.size() + frame.body().remaining() > MAX_PLAN_BYTES) {
                throw new IOException("a plan of more than " + MAX_PLAN_BYTES + " bytes");
            }
            byte[] part = new byte[frame.body().remaining()];
            frame.body().get(part);
            all.write(part, 0, part.length);
        }
        return all.toByteArray();
    }

    private void put(String id) throws IOException, JobException {
        BlockStore blocks = services.blocks();
        if (id.isEmpty()) {
            throw new IOException("put names no block");
        }
        if (blocks.contains(id)) {
            for (DataChannel.Frame frame = payload(); frame != null; frame = payload()) {
                // known already: the bytes are the same, since the id is made of their hash
            }
        } else {
            store(blocks, id);
        }
        channel.write(DataFrames.OK, Json.text(Map.of("id", id, "bytes", blocks.length(id))));
    }

    /** Takes the payload to its end also when the disk is full, so that the connection stays in step. */
    private void store(BlockStore blocks, String id) throws IOException, JobException {
        IOException trouble = null;
        try (BlockStore.Writer writer = blocks.create(id)) {
            for (DataChannel.Frame frame = payload(); frame != null; frame = payload()) {
                trouble = trouble == null ? write(writer, frame) : trouble;
            }
            if (trouble == null) {
                writer.commit();
            }
        }
        if (trouble != null) {
            String text = "Data cannot be kept for the workers: " + Stacks.message(trouble);
            throw new JobException(JobFailure.of("", 7, "resources", text, trouble));
        }
    }

    private static IOException write(BlockStore.Writer writer, DataChannel.Frame frame) {
        try {
            writer.write(frame.body());
            return null;
        } catch (IOException full) {
            return full;
        }
    }

    private void has(List<String> ids) throws IOException {
        wholePayload();
        List<String> missing = new ArrayList<>();
        for (String id : ids) {
            if (!services.blocks().contains(id)) {
                missing.add(id);
            }
        }
        channel.write(DataFrames.OK, Json.text(Map.of("missing", missing)));
    }

    private void drop(Map<String, Object> gone) throws IOException {
        wholePayload();
        for (String shuffle : Json.list(gone, "shuffles")) {
            services.jobs().dropShuffle(Integer.parseInt(shuffle));
        }
        for (String rdd : Json.list(gone, "persisted")) {
            services.jobs().dropCached(Integer.parseInt(rdd));
        }
        Json.list(gone, "blocks").forEach(services.blocks()::release);
        channel.write(DataFrames.OK, "{}");
    }

    private void link(String id, String path) throws IOException, JobException {
        wholePayload();
        try {
            services.blocks().link(id, Path.of(path));
        } catch (IOException error) {
            String text = path + " cannot be served to the workers: " + Stacks.message(error);
            throw new JobException(JobFailure.of("", 7, "resources", text, error));
        }
        channel.write(DataFrames.OK, "{}");
    }

    private void forget(List<String> broadcasts, boolean destroyed) throws IOException {
        wholePayload();
        for (String text : broadcasts) {
            int broadcast = Integer.parseInt(text);
            if (destroyed) {
                services.blocks().release(RunnerCommand.BroadcastFrom.block(broadcast));
            }
            services.jobs().forgetBroadcast(broadcast);
        }
        channel.write(DataFrames.OK, "{}");
    }

    private void partitions() throws IOException, JobException {
        int count = services.jobs().partitions(wholePayload());
        channel.write(DataFrames.OK, Json.text(Map.of("partitions", count)));
    }

    private void run() throws IOException, JobException {
        byte[] plan = wholePayload();
        lastProgress = "";
        try (ActiveJob job = services.jobs().start(plan, channel::wakeup)) {
            Optional<JobRun.End> end = pump(job);
            while (end.isEmpty()) {
                channel.idle(PROGRESS_MILLIS);
                end = pump(job);
            }
            Optional<JobFailure> failure = end.get().failure();
            failure = failure.isPresent() ? failure : job.settle();
            if (failure.isPresent()) {
                job.close(); // whoever hears of the failure finds nothing of the output
                channel.write(DataFrames.FAILED, FailedFrame.body(failure.get()));
            } else {
                channel.write(DataFrames.OK, Json.text(AnswerFrames.finished(job)));
            }
        }
    }

    /** Sends what there is; the end only when everything before it has been sent. */
    private Optional<JobRun.End> pump(ActiveJob job) throws IOException {
        job.commitIfWanted();
        job.giveBack();
        Optional<JobRun.End> end = job.run().ended();
        for (byte[] updates = job.run().updates().poll();
                updates.length > 0;
                updates = job.run().updates().poll()) {
            channel.write(DataFrames.UPDATES, ByteBuffer.wrap(updates));
        }
        ResultFeed feed = job.run().feed();
        for (Optional<ResultFeed.Next> next = feed.poll(); next.isPresent(); next = feed.poll()) {
            send(job, next.get());
            progress(job);
        }
        if (end.isPresent()
                && (end.get().failure().isPresent()
                        || feed.isDrained()
                        || !job.run().spec().collects())) {
            return end;
        }
        progress(job);
        return Optional.empty();
    }

    private void progress(ActiveJob job) throws IOException {
        long now = System.nanoTime();
        if (now - nextProgressNanos < 0 && !lastProgress.isEmpty()) {
            return;
        }
        nextProgressNanos = now + PROGRESS_MILLIS * 1_000_000;
        if (job.wallMillis() < PROGRESS_MILLIS) {
            return;
        }
        String text = Json.text(AnswerFrames.progress(job));
        if (!text.equals(lastProgress)) {
            lastProgress = text;
            channel.write(DataFrames.PROGRESS, text);
        }
    }

    private void send(ActiveJob job, ResultFeed.Next next) throws IOException {
        Map<String, Object> head = new LinkedHashMap<>();
        head.put("index", next.partition());
        head.put("records", next.ref().records());
        head.put("again", next.voids() == ResultFeed.Voided.LAST);
        head.put("anew", next.voids() == ResultFeed.Voided.ALL);
        channel.write(DataFrames.PARTITION, Json.text(head));
        if (next.ref().isInline()) {
            if (next.inline().hasRemaining()) {
                channel.write(DataFrames.BYTES, next.inline());
            }
            return;
        }
        try (InputStream in = open(next)) {
            channel.stream(in, next.ref().bytes());
            job.taken(next);
        } catch (ResultLostException lost) {
            job.lost(next, Stacks.message(lost.getCause()));
        }
    }

    private InputStream open(ResultFeed.Next next) throws ResultLostException {
        try {
            return services.results().open(next.ref());
        } catch (IOException unreachable) {
            throw new ResultLostException(unreachable);
        }
    }
}
