package io.weft.runner.files;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/** Serves Hadoop's file systems to Python processes of this machine, as FILES.md says; a thread for each connection. */
public final class FilesServer implements AutoCloseable {
    /** Each takes a quarter of a mebibyte here and as much outside the heap; one that is written to HDFS up to 5 MiB more. */
    static final int MAX_OPEN_FILES = 64;

    private static final int MAX_CONNECTIONS = 256;
    private static final int BACKLOG = 128;
    private static final long CLOSE_NANOS = 5_000_000_000L;

    private final Path path;
    private final String token;
    private final ServerSocketChannel server;
    private final FileCommands commands;
    private final Semaphore permits = new Semaphore(MAX_OPEN_FILES);
    private final AtomicInteger numbers = new AtomicInteger();

    /** Open connections by their threads; guards {@link #closed}, too. */
    private final Map<Thread, FilesChannel> open = new LinkedHashMap<>();

    private boolean closed;

    /**
     * Listens at once.
     *
     * @param path of the socket, in a folder of mode 0700 that is there; at most 106 bytes
     * @param token what a connection must say first; "": the folder's mode suffices
     * @param hadoop asked when the first request comes, since reading it takes long
     */
    public FilesServer(Path path, String token, Supplier<Configuration> hadoop) throws IOException {
        this.path = path;
        this.token = token;
        this.commands = new FileCommands(new FileSystems(hadoop));
        Files.deleteIfExists(path);
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path), BACKLOG);
        daemon("weft-files", this::accept).start();
    }

    static boolean same(String token, String given) {
        return MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }

    private static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
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

    private void serve(SocketChannel connected) {
        FilesChannel channel = new FilesChannel(connected);
        Thread thread = daemon("weft-files-" + numbers.incrementAndGet(), () -> converse(channel));
        synchronized (open) {
            if (closed || open.size() >= MAX_CONNECTIONS) {
                channel.close();
                return;
            }
            open.put(thread, channel);
        }
        thread.start();
    }

    private void converse(FilesChannel channel) {
        try (channel) {
            new FilesConnection(channel, commands, permits).serve(token);
        } catch (IOException | RuntimeException gone) {
            // Python has closed the connection, or spoke nonsense, or all ends: in each case it is over
        } finally {
            synchronized (open) {
                open.remove(Thread.currentThread());
                open.notifyAll();
            }
        }
    }

    /** Closes every connection, and waits until files that were being written are removed, at most 5 s. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + CLOSE_NANOS;
        try {
            server.close();
            Files.deleteIfExists(path);
        } catch (IOException ignored) {
            // nothing is left to do with it
        }
        synchronized (open) {
            closed = true;
            open.values().forEach(FilesChannel::close);
            try {
                while (!open.isEmpty() && System.nanoTime() < deadline) {
                    open.wait(100);
                }
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
