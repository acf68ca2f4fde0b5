package io.weft.runner.worker;

import io.weft.runner.protocol.ProtocolException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * Listens on the socket and puts each worker's three connections together. One thread accepts, others read the HELLOs, so that
 * a connection that says nothing holds up nobody.
 */
final class Registrar implements AutoCloseable {
    /** What a connection carries. */
    enum Role {
        CONTROL,
        STDOUT,
        STDERR;

        static Role of(String name) {
            return switch (name) {
                case "control" -> CONTROL;
                case "stdout" -> STDOUT;
                case "stderr" -> STDERR;
                default -> throw new ProtocolException("a connection's role is '" + name + "'");
            };
        }
    }

    /** A worker's three connections. {@code hello} is that of the control connection. */
    record Arrival(Hello hello, Map<Role, SocketChannel> channels) {
        void close() {
            channels.values().forEach(channel -> Quiet.run(channel::close));
        }
    }

    private static final class Incomplete {
        private final Map<Role, SocketChannel> channels = new EnumMap<>(Role.class);
        private Hello control;
    }

    private static final int MAX_SOCKET_PATH_BYTES = 106;

    private final Path socket;
    private final ServerSocketChannel server;
    private final Consumer<Arrival> complete;
    private final ExecutorService greeters = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "weft-hello");
        thread.setDaemon(true);
        return thread;
    });

    /** Connections of workers that have not made all three yet, by pid; guarded by this object, as all below. */
    private final Map<Integer, Incomplete> arriving = new HashMap<>();

    /** Connections that have not said HELLO yet. */
    private final Set<SocketChannel> silent = new HashSet<>();

    private boolean closed;

    /** Listens in {@code folder}, which is made with mode 0700 when absent. */
    Registrar(Path folder, Consumer<Arrival> complete) throws IOException {
        this.complete = complete;
        this.socket = folder.resolve("w.sock");
        int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_SOCKET_PATH_BYTES) {
            throw new IOException("the workers' socket " + socket + " has a path of " + length + " bytes; the limit is "
                    + MAX_SOCKET_PATH_BYTES + ". Use a shorter or relative local directory");
        }
        prepare(folder);
        Files.deleteIfExists(socket);
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket), 64);
        Thread thread = new Thread(this::acceptUntilClosed, "weft-accept");
        thread.setDaemon(true);
        thread.start();
    }

    private static void prepare(Path folder) throws IOException {
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }

    String socket() {
        return socket.toString();
    }

    /** The worker {@code pid} is gone: drops what it had connected. */
    void forget(int pid) {
        Incomplete gone;
        synchronized (this) {
            gone = arriving.remove(pid);
        }
        if (gone != null) {
            gone.channels.values().forEach(channel -> Quiet.run(channel::close));
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            silent.forEach(channel -> Quiet.run(channel::close));
            arriving.values().forEach(one -> one.channels.values().forEach(channel -> Quiet.run(channel::close)));
            arriving.clear();
        }
        Quiet.run(server::close);
        greeters.shutdown();
        Quiet.run(() -> Files.deleteIfExists(socket));
    }

    private void acceptUntilClosed() {
        try {
            while (true) {
                SocketChannel channel = server.accept();
                synchronized (this) {
                    if (closed) {
                        channel.close();
                        return;
                    }
                    silent.add(channel);
                    greeters.execute(() -> greet(channel));
                }
            }
        } catch (IOException e) {
            // closed: the end of this thread
        }
    }

    private void greet(SocketChannel channel) {
        try {
            add(Hello.read(channel), channel);
        } catch (IOException | ProtocolException e) {
            Quiet.run(channel::close);
        } finally {
            synchronized (this) {
                silent.remove(channel);
            }
        }
    }

    private void add(Hello hello, SocketChannel channel) {
        Role role = Role.of(hello.role());
        Incomplete one;
        synchronized (this) {
            if (closed) {
                throw new ProtocolException("closed");
            }
            one = arriving.computeIfAbsent(hello.pid(), pid -> new Incomplete());
            if (one.channels.putIfAbsent(role, channel) != null) {
                throw new ProtocolException("worker " + hello.pid() + " connected " + hello.role() + " twice");
            }
            if (role == Role.CONTROL) {
                one.control = hello;
            }
            if (one.channels.size() < Role.values().length) {
                return;
            }
            arriving.remove(hello.pid());
        }
        complete.accept(new Arrival(one.control, one.channels));
    }
}
