package io.weft.master.gateway;

import io.weft.master.jobs.JobService;
import io.weft.master.results.ResultSource;
import io.weft.runner.shuffle.BlockStore;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The data socket: accepts connections of the driver, a thread each. The socket lies in a folder that only this user can enter, and
 * a connection proves itself with the token all the same.
 */
public final class DataSocketServer implements AutoCloseable {
    /** What connections serve requests from. */
    public record Services(JobService jobs, BlockStore blocks, ResultSource results) {}

    private static final int MAX_CONNECTIONS = 512;
    private static final int BACKLOG = 128;

    private final Path path;
    private final String token;
    private final Services services;
    private final ServerSocketChannel server;
    private final AtomicInteger numbers = new AtomicInteger();
    /** Open connections by their threads. */
    private final Map<Thread, DataChannel> open = new LinkedHashMap<>();

    private boolean closed;

    /** Binds {@code path}, which must have at most 100 bytes; connections are served from {@link #start} on. */
    public DataSocketServer(Path path, String token, Services services) throws IOException {
        this.path = path;
        this.token = token;
        this.services = services;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path), BACKLOG);
    }

    public void start() {
        Thread thread = new Thread(this::accept, "weft-data");
        thread.setDaemon(true);
        thread.start();
    }

    public Path path() {
        return path;
    }

    private void accept() {
        try {
            while (true) {
                serve(server.accept());
            }
        } catch (IOException ended) {
            // closed, which is how this thread ends
        }
    }

    private void serve(SocketChannel channel) throws IOException {
        DataChannel frames = new DataChannel(channel);
        Thread thread = new Thread(() -> converse(frames), "weft-data-" + numbers.incrementAndGet());
        thread.setDaemon(true);
        synchronized (open) {
            if (closed || open.size() >= MAX_CONNECTIONS) {
                frames.close();
                return;
            }
            open.put(thread, frames);
        }
        thread.start();
    }

    private void converse(DataChannel frames) {
        try (frames) {
            new DataConnection(frames, services).serve(token);
        } catch (IOException | RuntimeException gone) {
            // the driver closed the connection, or spoke nonsense, or the gateway stops: in each case it is over
        } finally {
            synchronized (open) {
                open.remove(Thread.currentThread());
                open.notifyAll();
            }
        }
    }

    /** Closes every connection, which cancels its job, and waits until their threads have cleaned up, at most 10 s. */
    @Override
    public void close() {
        closeQuietly(server);
        long deadline = System.nanoTime() + 10_000_000_000L;
        synchronized (open) {
            closed = true;
            open.values().forEach(DataChannel::close);
            try {
                while (!open.isEmpty() && System.nanoTime() < deadline) {
                    open.wait(100);
                }
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void closeQuietly(AutoCloseable channel) {
        try {
            channel.close();
        } catch (Exception ignored) {
            // nothing is left to do with it
        }
    }
}
