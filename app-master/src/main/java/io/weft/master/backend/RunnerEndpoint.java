package io.weft.master.backend;

import io.weft.runner.protocol.Link;
import io.weft.runner.protocol.MessageCodec;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.rpc.ApplicationSecret;
import io.weft.runner.rpc.RpcServer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;

/**
 * The ApplicationMaster's end of the links to all its runners. Commands are kept until a runner has asked for later ones, so a
 * lost answer costs nothing; a poll without commands is parked for at most {@link #PARK_MILLIS}. Thread-safe.
 */
public final class RunnerEndpoint implements AutoCloseable {
    /** What the endpoint hears; called on RPC threads, events of one runner in order, each once. Must return quickly. */
    public interface Listener {
        void registered(Link.Register runner);

        void happened(String runner, RunnerEvent event);

        /** Nothing was heard of this runner for {@code millis}; told once. */
        void silent(String runner, long millis);
    }

    static final long PARK_MILLIS = 10_000;
    private static final int MAX_ANSWER_BYTES = 256 * 1024;

    private final Listener listener;
    private final long silenceMillis;
    private final RpcServer server;
    private final ScheduledExecutorService timer;

    /** All and only runners that registered and were not forgotten. Guarded by itself. */
    private final Map<String, Channel> channels = new LinkedHashMap<>();

    public RunnerEndpoint(
            Configuration cluster, String bindHost, ApplicationSecret secret, long silenceMillis, Listener listener)
            throws IOException {
        this.listener = listener;
        this.silenceMillis = silenceMillis;
        server = new RpcServer(cluster, bindHost, secret, this::call);
        timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "weft-runner-timer");
            thread.setDaemon(true);
            return thread;
        });
        timer.scheduleWithFixedDelay(this::expire, 500, 500, TimeUnit.MILLISECONDS);
    }

    public int port() {
        return server.port();
    }

    /** Queues a command; one to an unknown or forgotten runner is dropped, since its loss is reported anyway. */
    public void send(String runner, RunnerCommand command) {
        find(runner).ifPresent(channel -> channel.send(command));
    }

    /** The runner is gone: parked polls are let go, what waits is dropped, later calls of it are refused. */
    public void forget(String runner) {
        Channel channel;
        synchronized (channels) {
            channel = channels.remove(runner);
        }
        if (channel != null) {
            channel.close();
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        all().forEach(channel -> forget(channel.runner));
        server.close();
    }

    private Optional<Channel> find(String runner) {
        synchronized (channels) {
            return Optional.ofNullable(channels.get(runner));
        }
    }

    private List<Channel> all() {
        synchronized (channels) {
            return new ArrayList<>(channels.values());
        }
    }

    private void call(byte[] bytes, RpcServer.Reply reply) {
        Link message = new MessageCodec().decode(bytes, Link.class);
        if (message instanceof Link.Register register) {
            register(register, reply);
        } else if (message instanceof Link.Report report) {
            known(report.runner()).report(report, reply);
        } else if (message instanceof Link.Poll poll) {
            known(poll.runner()).poll(poll.next(), reply);
        } else {
            throw new ProtocolException(message.getClass().getSimpleName() + " is not for the ApplicationMaster");
        }
    }

    private void register(Link.Register register, RpcServer.Reply reply) {
        boolean fresh;
        synchronized (channels) {
            fresh = channels.putIfAbsent(register.runner(), new Channel(register.runner())) == null;
        }
        if (fresh) {
            listener.registered(register);
        }
        reply.send(new MessageCodec().encode(new Link.Ack(0)));
    }

    private Channel known(String runner) {
        return find(runner)
                .orElseThrow(() -> new ProtocolException("runner " + runner + " is not registered (any more)"));
    }

    private void expire() {
        long now = System.nanoTime();
        for (Channel channel : all()) {
            long silent = channel.expire(now);
            if (silent > silenceMillis && channel.tellSilenceOnce()) {
                listener.silent(channel.runner, silent);
            }
        }
    }

    /** One runner's two directions. Guarded by itself. */
    private final class Channel {
        private final String runner;
        private final MessageCodec codec = new MessageCodec();

        /** Encoded commands that the runner has not asked beyond; the first has number {@link #first}. */
        private final Deque<byte[]> commands = new ArrayDeque<>();

        private long first;
        private long nextEvent;
        private RpcServer.Reply parked;
        private long parkedFrom;
        private long parkedAtNanos;
        private long heardAtNanos = System.nanoTime();
        private boolean silenceTold;
        private boolean gone;

        Channel(String runner) {
            this.runner = runner;
        }

        synchronized void send(RunnerCommand command) {
            if (!gone) {
                commands.add(codec.encode(command));
                answerParked();
            }
        }

        synchronized void report(Link.Report report, RpcServer.Reply reply) {
            heardAtNanos = System.nanoTime();
            long number = report.first();
            for (byte[] encoded : report.events()) {
                if (number++ == nextEvent) {
                    nextEvent++;
                    listener.happened(runner, codec.decode(encoded, RunnerEvent.class));
                }
            }
            reply.send(codec.encode(new Link.Ack(nextEvent)));
        }

        synchronized void poll(long next, RpcServer.Reply reply) {
            heardAtNanos = System.nanoTime();
            while (first < next && !commands.isEmpty()) {
                commands.remove();
                first++;
            }
            letGo();
            parked = reply;
            parkedFrom = next;
            parkedAtNanos = heardAtNanos;
            answerParked();
        }

        private void answerParked() {
            if (parked != null && !commands.isEmpty()) {
                parked.send(codec.encode(new Link.Commands(first, Link.upTo(commands, MAX_ANSWER_BYTES))));
                parked = null;
            }
        }

        private void letGo() {
            if (parked != null) {
                parked.send(codec.encode(new Link.Commands(parkedFrom, List.of())));
                parked = null;
            }
        }

        /** Lets an old poll go; milliseconds since the runner was last heard, 0 while a poll of it is parked. */
        synchronized long expire(long nowNanos) {
            if (parked != null && nowNanos - parkedAtNanos > PARK_MILLIS * 1_000_000) {
                letGo();
                heardAtNanos = nowNanos;
            }
            return parked != null ? 0 : (nowNanos - heardAtNanos) / 1_000_000;
        }

        synchronized boolean tellSilenceOnce() {
            boolean first = !silenceTold;
            silenceTold = true;
            return first;
        }

        synchronized void close() {
            gone = true;
            commands.clear();
            if (parked != null) {
                parked.fail(new ProtocolException("runner " + runner + " was released"));
                parked = null;
            }
        }
    }
}
