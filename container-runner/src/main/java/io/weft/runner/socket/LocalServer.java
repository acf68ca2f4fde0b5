package io.weft.runner.socket;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Accepts connections at a Unix-domain socket, a thread for each, at most so many at a time. Any thread may close it. */
public final class LocalServer {
    /** One connection. Closing it, from any thread, ends what it does; it is closed in any case when it has ended. */
    public interface Conversation extends Closeable {
        /** Serves until the other side has gone. Throws when that happens at a bad time; nobody need be told. */
        void serve() throws IOException;

        @Override
        void close();
    }

    /** Makes the conversation of a connection. */
    public interface Host {
        Conversation receive(SocketChannel connection) throws IOException;
    }

    private static final int BACKLOG = 128;

    private final Path path;
    private final String name;
    private final int maxConnections;
    private final Host host;
    private final ServerSocketChannel server;
    private final AtomicInteger numbers = new AtomicInteger();

    /** Open connections by their threads; guards {@link #closed}, too. */
    private final Map<Thread, Conversation> open = new LinkedHashMap<>();

    private boolean closed;

    /**
     * Binds the socket; connections are served from {@link #start} on.
     *
     * @param path at most 106 bytes
     * @param name of its threads
     * @param maxConnections one more is closed at once
     */
    public LocalServer(Path path, String name, int maxConnections, Host host) throws IOException {
        this.path = path;
        this.name = name;
        this.maxConnections = maxConnections;
        this.host = host;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path), BACKLOG);
    }

    /** Compares secrets in constant time. */
    public static boolean sameToken(String expected, String given) {
        return MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }

    public void start() {
        daemon(name, this::accept).start();
    }

    public Path path() {
        return path;
    }

    private static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    private void accept() {
        try {
            while (true) {
                serve(host.receive(server.accept()));
            }
        } catch (IOException ended) {
            // closed, which is how this thread ends
        }
    }

    private void serve(Conversation conversation) {
        Thread thread = daemon(name + "-" + numbers.incrementAndGet(), () -> converse(conversation));
        synchronized (open) {
            if (closed || open.size() >= maxConnections) {
                conversation.close();
                return;
            }
            open.put(thread, conversation);
        }
        thread.start();
    }

    private void converse(Conversation conversation) {
        try (conversation) {
            conversation.serve();
        } catch (IOException | RuntimeException gone) {
            // the other side closed the connection, or spoke nonsense, or all ends: in each case it is over
        } finally {
            synchronized (open) {
                open.remove(Thread.currentThread());
                open.notifyAll();
            }
        }
    }

    /** Closes every connection, and waits so many seconds at most until their threads have cleaned up. */
    public void close(long seconds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        try {
            server.close();
        } catch (IOException ignored) {
            // nothing is left to do with it
        }
        synchronized (open) {
            closed = true;
            open.values().forEach(Conversation::close);
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
