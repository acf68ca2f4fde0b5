package io.weft.runner.shuffle;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Serves map outputs and blocks over TCP as MAPOUTPUT.md says. One thread accepts and waits for requests on all idle connections; a
 * bounded pool answers them, each on a blocking channel, so that files go out by sendfile. A connection on which nothing moves for
 * {@code idleMillis} is closed, whether it is idle or stuck.
 */
public final class BlockServer implements Closeable {
    private static final int MAX_CONNECTIONS = 8192;
    private static final int MAX_THREADS = 32;
    private static final int BACKLOG = 1024;
    private static final long DEFAULT_IDLE_MILLIS = 60_000;
    /** How long a client may take to prove that it knows the secret. */
    private static final long PROOF_MILLIS = 10_000;

    private static final long ACCEPT_PAUSE_NANOS = 100_000_000L;

    private final ServerSocketChannel listener;
    private final Selector selector;
    private final BlockConnection.Content content;
    private final long idleMillis;
    private final ThreadPoolExecutor pool;
    private final Thread thread;
    /** All and only the connections that are open. */
    private final Set<BlockConnection> connections = ConcurrentHashMap.newKeySet();
    /** Connections that wait for their next request, on their way back to the selector. */
    private final Queue<BlockConnection> returning = new ConcurrentLinkedQueue<>();

    private volatile boolean closed;

    private BlockServer(ServerSocketChannel listener, BlockConnection.Content content, long idleMillis)
            throws IOException {
        this.listener = listener;
        this.content = content;
        this.idleMillis = idleMillis;
        this.selector = Selector.open();
        AtomicInteger made = new AtomicInteger();
        this.pool = new ThreadPoolExecutor(
                MAX_THREADS, MAX_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), runnable -> {
                    Thread worker = new Thread(runnable, "block-server-" + made.incrementAndGet());
                    worker.setDaemon(true);
                    return worker;
                });
        pool.allowCoreThreadTimeOut(true);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        this.thread = new Thread(this::run, "block-server");
        thread.setDaemon(true);
    }

    /** Listens on {@code host} (empty: on all addresses), a free port. */
    public static BlockServer start(String host, byte[] secret, MapOutputFiles outputs, BlockStore blocks)
            throws IOException {
        return start(host, new BlockConnection.Content(secret.clone(), outputs, blocks), DEFAULT_IDLE_MILLIS);
    }

    static BlockServer start(String host, BlockConnection.Content content, long idleMillis) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        try {
            InetSocketAddress address =
                    host.isEmpty() ? new InetSocketAddress(0) : new InetSocketAddress(InetAddress.getByName(host), 0);
            listener.bind(address, BACKLOG);
            BlockServer server = new BlockServer(listener, content, idleMillis);
            server.thread.start();
            return server;
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    public int port() {
        return listener.socket().getLocalPort();
    }

    /** Closes all connections, also those that are sending. */
    @Override
    public void close() {
        closed = true;
        pool.shutdownNow();
        closeQuietly(listener);
        selector.wakeup();
        for (BlockConnection connection : connections) {
            closeQuietly(connection);
        }
    }

    int connectionCount() {
        return connections.size();
    }

    private void run() {
        try (selector) {
            long sweepMillis = Math.max(1, Math.min(idleMillis, PROOF_MILLIS) / 4);
            long nextSweep = System.nanoTime() / 1_000_000 + sweepMillis;
            while (!closed) {
                selector.select(sweepMillis);
                takeBack();
                for (SelectionKey key : List.copyOf(selector.selectedKeys())) {
                    dispatch(key);
                }
                selector.selectedKeys().clear();
                long now = System.nanoTime() / 1_000_000;
                if (now >= nextSweep) {
                    closeStuck(now);
                    nextSweep = now + sweepMillis;
                }
            }
        } catch (IOException e) {
            System.getLogger(BlockServer.class.getName())
                    .log(
                            System.Logger.Level.ERROR,
                            "the block server's selector failed; other hosts cannot fetch any more",
                            e);
        } finally {
            connections.forEach(BlockServer::closeQuietly);
        }
    }

    /** Registers the connections that have been answered; their old keys went with the select before. */
    private void takeBack() {
        for (BlockConnection connection = returning.poll(); connection != null; connection = returning.poll()) {
            try {
                connection.channel().configureBlocking(false);
                connection.channel().register(selector, SelectionKey.OP_READ, connection);
            } catch (IOException | RuntimeException e) {
                drop(connection);
            }
        }
    }

    private void dispatch(SelectionKey key) {
        try {
            if (key.isAcceptable()) {
                accept();
            } else if (key.isReadable()) {
                BlockConnection connection = (BlockConnection) key.attachment();
                key.cancel();
                connection.channel().configureBlocking(true);
                pool.execute(() -> answer(connection));
            }
        } catch (IOException | RuntimeException e) {
            if (key.attachment() instanceof BlockConnection connection) {
                drop(connection);
            } else if (!closed) {
                System.getLogger(BlockServer.class.getName())
                        .log(System.Logger.Level.WARNING, "the block server cannot accept a connection", e);
                // Out of file descriptors: the listener stays ready, so give connections time to end.
                LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
            }
        }
    }

    private void accept() throws IOException {
        for (SocketChannel channel = listener.accept(); channel != null; channel = listener.accept()) {
            if (connections.size() >= MAX_CONNECTIONS) {
                channel.close();
                continue;
            }
            channel.socket().setTcpNoDelay(true);
            BlockConnection connection = new BlockConnection(channel, content);
            connections.add(connection);
            try {
                connection.greet();
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, connection);
            } catch (IOException e) {
                drop(connection);
            }
        }
    }

    private void answer(BlockConnection connection) {
        try {
            boolean more = connection.answer();
            while (more && pool.getQueue().isEmpty() && connection.awaitRequest()) {
                more = connection.answer();
            }
            if (!more) {
                drop(connection);
                return;
            }
            returning.add(connection);
            selector.wakeup();
        } catch (IOException | RuntimeException e) {
            System.getLogger(BlockServer.class.getName())
                    .log(System.Logger.Level.DEBUG, () -> "a block connection from " + connection + " ended", e);
            drop(connection);
        }
    }

    private void closeStuck(long nowMillis) {
        for (BlockConnection connection : connections) {
            long allowedMillis = connection.isTrusted() ? idleMillis : Math.min(idleMillis, PROOF_MILLIS);
            if (nowMillis - connection.lastProgressMillis() > allowedMillis) {
                drop(connection);
            }
        }
    }

    private void drop(BlockConnection connection) {
        connections.remove(connection);
        closeQuietly(connection);
    }

    private static void closeQuietly(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException e) {
            // Nothing more is wanted of it.
            return;
        }
    }
}
