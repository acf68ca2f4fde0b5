package io.weft.master.gateway;

import io.weft.master.jobs.JobService;
import io.weft.master.results.ResultSource;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.socket.LocalServer;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * The data socket: accepts connections of the driver, a thread each. The socket lies in a folder that only this user can enter, and
 * a connection proves itself with the token all the same.
 */
public final class DataSocketServer implements AutoCloseable {
    /** What connections serve requests from. */
    public record Services(JobService jobs, BlockStore blocks, ResultSource results) {}

    private static final int MAX_CONNECTIONS = 512;
    private static final long CLOSE_SECONDS = 10;

    private final String token;
    private final Services services;
    private final LocalServer server;

    /** Binds {@code path}, which must have at most 100 bytes; connections are served from {@link #start} on. */
    public DataSocketServer(Path path, String token, Services services) throws IOException {
        this.token = token;
        this.services = services;
        server = new LocalServer(path, "weft-data", MAX_CONNECTIONS, this::receive);
    }

    public void start() {
        server.start();
    }

    public Path path() {
        return server.path();
    }

    private LocalServer.Conversation receive(SocketChannel connection) throws IOException {
        DataChannel frames = new DataChannel(connection);
        return new LocalServer.Conversation() {
            @Override
            public void serve() throws IOException {
                new DataConnection(frames, services).serve(token);
            }

            @Override
            public void close() {
                frames.close();
            }
        };
    }

    /** Closes every connection, which cancels its job, and waits until their threads have cleaned up, at most 10 s. */
    @Override
    public void close() {
        server.close(CLOSE_SECONDS);
    }
}
