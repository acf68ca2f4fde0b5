package io.weft.runner.files;

import io.weft.runner.socket.LocalServer;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/** Serves Hadoop's file systems to Python processes of this machine, as FILES.md says; a thread for each connection. */
public final class FilesServer implements AutoCloseable {
    /** Each takes a quarter of a mebibyte here and as much outside the heap; one that is written to HDFS up to 5 MiB more. */
    static final int MAX_OPEN_FILES = 64;

    private static final int MAX_CONNECTIONS = 256;
    private static final long CLOSE_SECONDS = 5;

    private final String token;
    private final LocalServer server;
    private final FileCommands commands;
    private final Semaphore permits = new Semaphore(MAX_OPEN_FILES);

    /**
     * Listens at once.
     *
     * @param path of the socket, in a folder of mode 0700 that is there; at most 106 bytes
     * @param token what a connection must say first; "": the folder's mode suffices
     * @param hadoop asked when the first request comes, since reading it takes long
     */
    public FilesServer(Path path, String token, Supplier<Configuration> hadoop) throws IOException {
        this.token = token;
        this.commands = new FileCommands(new FileSystems(hadoop));
        Files.deleteIfExists(path);
        server = new LocalServer(path, "weft-files", MAX_CONNECTIONS, this::receive);
        server.start();
    }

    private LocalServer.Conversation receive(SocketChannel connection) {
        FilesChannel channel = new FilesChannel(connection);
        return new LocalServer.Conversation() {
            @Override
            public void serve() throws IOException {
                new FilesConnection(channel, commands, permits).serve(token);
            }

            @Override
            public void close() {
                channel.close();
            }
        };
    }

    /** Closes every connection, and waits until files that were being written are removed, at most 5 s. */
    @Override
    public void close() {
        server.close(CLOSE_SECONDS);
        try {
            Files.deleteIfExists(server.path());
        } catch (IOException ignored) {
            // nothing is left to do with it
        }
    }
}
