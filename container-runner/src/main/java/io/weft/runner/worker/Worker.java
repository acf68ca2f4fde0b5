package io.weft.runner.worker;

import io.weft.runner.protocol.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * One registered Python worker. {@link #receive} belongs to the thread that runs its task; any thread may send and kill.
 * Invariant: it runs at most one task at a time.
 */
public final class Worker {
    private static final long LATE_FRAMES_MILLIS = 200;

    private final Hello hello;
    private final SocketChannel control;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final WorkerOutput output;
    private final Runnable spillRequest;
    private final Optional<ProcessHandle> process;
    private final AtomicBoolean killed = new AtomicBoolean();
    private final CompletableFuture<WorkerExit> exit = new CompletableFuture<>();

    Worker(Hello hello, SocketChannel control, WorkerOutput output, Runnable spillRequest) {
        this.hello = hello;
        this.control = control;
        this.reader = new FrameReader(control);
        this.writer = new FrameWriter(control);
        this.output = output;
        this.spillRequest = spillRequest;
        this.process = ProcessHandle.of(hello.pid());
    }

    public Hello hello() {
        return hello;
    }

    public int slot() {
        return hello.slot();
    }

    public int pid() {
        return hello.pid();
    }

    /** Waits for the worker's next frame; empty when it has gone. */
    public Optional<Frame> receive() throws IOException {
        return reader.next();
    }

    public void send(FrameType type, int stream, ByteBuffer body) throws IOException {
        writer.write(type, stream, body);
    }

    /** Sends unless {@code wanted} says no when it is this frame's turn; whether it was sent. */
    public boolean sendIf(BooleanSupplier wanted, FrameType type, int stream, ByteBuffer body) throws IOException {
        return writer.writeIf(wanted, type, stream, body);
    }

    /** Bytes over the control connection so far, both ways. */
    public long borderBytes() {
        return reader.bytesRead() + writer.bytesWritten();
    }

    /** From now on printed lines go to {@code lines}, until somebody else attaches. */
    public void attachPrinted(PrintedLines lines) {
        output.attach(lines);
    }

    /** Has all that was printed so far delivered. */
    public void drainPrinted() {
        output.drain();
    }

    /** Last lines of standard error since the last attach. */
    public List<String> errorTail() {
        return output.errorTail();
    }

    /** Peak RSS of the process so far in bytes, 0 when it cannot be read. */
    public long peakRssBytes() {
        return ProcessMemory.peakBytes(pid());
    }

    /** Has its task write to disk what it can, at its next batch; does not wait for that. */
    public void askToSpill() {
        spillRequest.run();
    }

    /** SIGKILL to the worker and to the processes it started, without waiting for any of them. */
    public void kill() {
        if (exit.isDone() || !killed.compareAndSet(false, true)) {
            return;
        }
        List<ProcessHandle> started = ProcessTree.of(pid()).stream()
                .skip(1)
                .flatMap(one -> ProcessHandle.of(one).stream())
                .toList();
        process.ifPresent(ProcessHandle::destroyForcibly);
        started.forEach(ProcessHandle::destroyForcibly);
    }

    /** No more frames of it are received: who waits for one learns that it has gone, before the kernel has freed its memory. */
    void hangUp() {
        Quiet.run(control::shutdownInput);
    }

    /** How it ended, once it has; waits at most {@code millis} for that to become known. */
    public WorkerExit awaitExit(long millis) {
        try {
            return exit.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return new WorkerExit.Unknown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new WorkerExit.Unknown();
        } catch (ExecutionException e) {
            throw new ProtocolException("the exit of worker " + pid() + " failed", e);
        }
    }

    /**
     * The process has ended. A process that it started may hold its connection open: the connection's end is made to be seen
     * a little later, so that frames on their way still come.
     */
    void ended(WorkerExit how) {
        if (exit.complete(how)) {
            CompletableFuture.delayedExecutor(LATE_FRAMES_MILLIS, TimeUnit.MILLISECONDS)
                    .execute(this::hangUp);
        }
    }

    /** Closes the connections; lines that are there are delivered first. */
    void close() {
        output.close();
        Quiet.run(control::close);
    }
}
