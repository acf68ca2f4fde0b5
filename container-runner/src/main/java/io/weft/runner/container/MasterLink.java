package io.weft.runner.container;

import io.weft.runner.protocol.Link;
import io.weft.runner.protocol.MessageCodec;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.rpc.RpcClient;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * A container's end of the link: events out in order, commands in, each once. Two threads: one reports, one polls. When the
 * ApplicationMaster has not answered for {@code giveUpMillis}, {@code lost} runs once and the link ends.
 */
public final class MasterLink implements AutoCloseable {
    private static final int MAX_REPORT_BYTES = 256 * 1024;
    private static final long MAX_WAITING_BYTES = 32L << 20;
    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long LONGEST_PAUSE_MILLIS = 1_000;

    private final RpcClient client;
    private final String runner;
    private final Consumer<RunnerCommand> commands;
    private final Consumer<String> lost;
    private final long giveUpMillis;
    private final MessageCodec events = new MessageCodec();
    private final MessageCodec calls = new MessageCodec();

    /** Encoded events not yet acknowledged; the first has number {@link #firstWaiting}. Guards all below. */
    private final Deque<byte[]> waiting = new ArrayDeque<>();

    private long firstWaiting;
    private long waitingBytes;
    private boolean closed;
    private boolean lossTold;

    public MasterLink(
            RpcClient client,
            String runner,
            Consumer<RunnerCommand> commands,
            Consumer<String> lost,
            long giveUpMillis) {
        this.client = client;
        this.runner = runner;
        this.commands = commands;
        this.lost = lost;
        this.giveUpMillis = giveUpMillis;
    }

    /** Registers and starts both threads; fails when the ApplicationMaster does not answer. */
    public void start(Link.Register register) throws IOException {
        calls.decode(client.call(calls.encode(register)), Link.Ack.class);
        daemon("weft-report", this::reportUntilClosed);
        daemon("weft-poll", this::pollUntilClosed);
    }

    /** Queues one event; waits while 32 MiB are waiting. Dropped when the link has ended. */
    public void send(RunnerEvent event) {
        byte[] encoded = events.encode(event);
        synchronized (waiting) {
            while (waitingBytes > MAX_WAITING_BYTES && !closed) {
                if (!pause(1_000)) {
                    return;
                }
            }
            if (!closed) {
                waiting.add(encoded);
                waitingBytes += encoded.length;
                waiting.notifyAll();
            }
        }
    }

    /** Waits until every event has been acknowledged, at most {@code millis}; true if so. */
    public boolean flush(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        synchronized (waiting) {
            while (!waiting.isEmpty() && !closed) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0 || !pause(left)) {
                    return false;
                }
            }
            return waiting.isEmpty();
        }
    }

    @Override
    public void close() {
        synchronized (waiting) {
            closed = true;
            waiting.notifyAll();
        }
        client.close();
    }

    private boolean isClosed() {
        synchronized (waiting) {
            return closed;
        }
    }

    private void reportUntilClosed() {
        for (Link.Report report = nextReport(); report != null; report = nextReport()) {
            byte[] answer = callUntilAnswered(report);
            if (answer == null) {
                return;
            }
            acknowledge(calls.decode(answer, Link.Ack.class).next());
        }
    }

    private Link.Report nextReport() {
        synchronized (waiting) {
            while (waiting.isEmpty()) {
                if (closed || !pause(60_000)) {
                    return null;
                }
            }
            return closed ? null : new Link.Report(runner, firstWaiting, Link.upTo(waiting, MAX_REPORT_BYTES));
        }
    }

    private void acknowledge(long next) {
        synchronized (waiting) {
            while (firstWaiting < next && !waiting.isEmpty()) {
                waitingBytes -= waiting.remove().length;
                firstWaiting++;
            }
            waiting.notifyAll();
        }
    }

    private void pollUntilClosed() {
        long next = 0;
        while (!isClosed()) {
            byte[] answer = callUntilAnswered(new Link.Poll(runner, next));
            if (answer == null) {
                return;
            }
            Link.Commands batch = calls.decode(answer, Link.Commands.class);
            long number = batch.first();
            for (byte[] encoded : batch.commands()) {
                if (number++ == next) {
                    next++;
                    commands.accept(calls.decode(encoded, RunnerCommand.class));
                }
            }
        }
    }

    /** The answer, or null when the link has ended or the ApplicationMaster was silent for too long. */
    private byte[] callUntilAnswered(Link message) {
        byte[] encoded = calls.encode(message);
        long end = System.nanoTime() + giveUpMillis * 1_000_000;
        long pauseMillis = FIRST_PAUSE_MILLIS;
        while (!isClosed()) {
            try {
                return client.call(encoded);
            } catch (ProtocolException e) {
                tellLoss("the ApplicationMaster has let this runner go: " + firstLine(e.getMessage()));
                return null;
            } catch (IOException e) {
                if (System.nanoTime() >= end) {
                    tellLoss("the ApplicationMaster has not answered for " + giveUpMillis / 1000 + " s: "
                            + e.getMessage());
                    return null;
                }
            }
            synchronized (waiting) {
                if (!pause(pauseMillis)) {
                    return null;
                }
            }
            pauseMillis = Math.min(pauseMillis * 2, LONGEST_PAUSE_MILLIS);
        }
        return null;
    }

    /** Over RPC a message comes with the other side's stack behind it. */
    private static String firstLine(String message) {
        return String.valueOf(message).lines().findFirst().orElse("");
    }

    private void tellLoss(String reason) {
        synchronized (waiting) {
            if (lossTold || closed) {
                return;
            }
            lossTold = true;
        }
        lost.accept(reason);
    }

    /** Waits for a change, holding the monitor; false when the thread was interrupted, which ends whatever it did. */
    private boolean pause(long millis) {
        try {
            waiting.wait(millis);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void daemon(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }
}
