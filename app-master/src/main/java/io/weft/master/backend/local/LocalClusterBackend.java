package io.weft.master.backend.local;

import io.weft.master.backend.Backend;
import io.weft.master.backend.BackendListener;
import io.weft.master.backend.RunnerEndpoint;
import io.weft.master.config.HadoopConf;
import io.weft.master.results.ResultSource;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.Link;
import io.weft.runner.protocol.ResultRef;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.rpc.ApplicationSecret;
import io.weft.runner.shuffle.BlockClient;
import io.weft.runner.shuffle.BlockServer;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.shuffle.MapOutputFiles;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * local-cluster[C,S,MB]: C child JVMs that run the container's main, each on a loopback address of its own, so that RPC, shuffle and
 * results go over sockets as on a cluster. A child that dies is reported and replaced, until too many have died. There are fewer than C
 * where the number follows the work. Guarded by itself.
 */
public final class LocalClusterBackend implements Backend, ResultSource, RunnerEndpoint.Listener {
    private static final String MASTER_HOST = "127.0.0.1";
    private static final long SILENCE_MILLIS = 30_000;
    private static final int CONNECT_MILLIS = 10_000;
    private static final long RELEASE_MILLIS = 10_000;
    private static final int READ_MILLIS = 60_000;
    /** Children that may die before no more are started, for each one wanted. */
    private static final int DEATHS_EACH = 4;

    private final ChildRunner.Plan plan;
    private final int most;
    private final BlockStore blocks;
    private final HadoopConf hadoop;
    private final ApplicationSecret secret;
    private final BlockClient client;
    /** All and only children that live, by runner. */
    private final Map<String, ChildRunner> children = new LinkedHashMap<>();

    /** All and only children that were released and may live still. */
    private final Set<ChildRunner> released = new LinkedHashSet<>();

    private BackendListener listener;
    private RunnerEndpoint endpoint;
    private BlockServer server;
    private ChildRunner.Ends ends;
    /** How many children there shall be. */
    private int wanted;

    /** All and only positions of living children. */
    private final BitSet positions = new BitSet();

    private int started;
    private int deaths;
    private boolean stopping;

    /**
     * @param most how many children there may be
     * @param wanted how many are started
     * @param blocks what the driver uploads, served to them
     */
    public LocalClusterBackend(ChildRunner.Plan plan, int most, int wanted, BlockStore blocks, HadoopConf hadoop) {
        this.plan = plan;
        this.most = most;
        this.wanted = wanted;
        this.blocks = blocks;
        this.hadoop = hadoop;
        secret = ApplicationSecret.random(plan.application());
        client = new BlockClient(secret.bytes(), CONNECT_MILLIS, READ_MILLIS);
    }

    /** By which the children's workers seal, if they do. */
    public String sealKey() {
        return secret.sealKey();
    }

    @Override
    public synchronized void start(BackendListener hears) throws IOException {
        listener = hears;
        endpoint = new RunnerEndpoint(hadoop.get(), MASTER_HOST, secret, SILENCE_MILLIS, this);
        server = BlockServer.start(MASTER_HOST, secret.bytes(), new MapOutputFiles(List.of()), blocks);
        ends = new ChildRunner.Ends(
                MASTER_HOST + ":" + endpoint.port(),
                MASTER_HOST + ":" + server.port(),
                plan.writeCredentials(secret, hadoop.get()));
        startMissing();
    }

    private void startMissing() throws IOException {
        while (children.size() < wanted) {
            startChild(positions.nextClearBit(0));
        }
    }

    private void startChild(int position) throws IOException {
        positions.set(position);
        String runner = "r" + started;
        started++;
        ChildRunner child = ChildRunner.start(plan, ends, runner, position);
        children.put(runner, child);
        child.onExit(status -> died(runner, position, status));
    }

    private void died(String runner, int position, int status) {
        String reason;
        synchronized (this) {
            ChildRunner child = children.remove(runner);
            if (child == null || stopping) {
                return;
            }
            positions.clear(position);
            deaths++;
            String how = status > 128 ? "was ended by signal " + (status - 128) : "ended with exit code " + status;
            reason = "runner " + runner + " (pid " + child.pid() + ") " + how + child.lastWords();
            child.clean();
        }
        endpoint.forget(runner);
        listener.scheduler(new SchedulerEvent.RunnerLost(runner, false, reason));
        replace(reason);
    }

    private synchronized void replace(String reason) {
        if (stopping) {
            return;
        }
        if (deaths > DEATHS_EACH * most) {
            if (children.isEmpty()) {
                listener.broken(
                        "E25",
                        7,
                        "All runners of the local cluster have died, " + deaths + " in all; the last: " + reason);
            }
            return;
        }
        try {
            startMissing();
        } catch (IOException failed) {
            listener.broken("E25", 7, "A runner of the local cluster cannot be started: " + failed.getMessage());
        }
    }

    /** The number of children is what {@link #wantRunners} says. */
    @Override
    public void wantSlots(int slots, Map<String, Integer> byHost) {}

    @Override
    public synchronized void wantRunners(int profile, int runners) {
        wanted = Math.min(runners, most);
        try {
            if (!stopping) {
                startMissing();
            }
        } catch (IOException failed) {
            listener.broken("E25", 7, "A runner of the local cluster cannot be started: " + failed.getMessage());
        }
    }

    @Override
    public void release(String runner) {
        ChildRunner child;
        synchronized (this) {
            child = children.remove(runner);
            if (child == null || stopping) {
                return;
            }
            wanted = Math.max(0, wanted - 1);
            released.add(child);
        }
        endpoint.send(runner, new RunnerCommand.Shutdown("it had nothing to do"));
        Thread end = new Thread(() -> awaitReleased(child), "weft-released-" + runner);
        end.setDaemon(true);
        end.start();
    }

    private void awaitReleased(ChildRunner child) {
        child.awaitExit(RELEASE_MILLIS);
        endpoint.forget(child.runner());
        child.clean();
        synchronized (this) {
            released.remove(child);
            positions.clear(child.position());
        }
    }

    @Override
    public void send(String runner, RunnerCommand command) {
        endpoint.send(runner, command);
    }

    @Override
    public synchronized String waiting() {
        boolean anyReady = children.values().stream().anyMatch(ChildRunner::isReady);
        return anyReady || children.isEmpty() ? "" : "the runners of the local cluster are starting";
    }

    @Override
    public InputStream open(ResultRef ref) throws IOException {
        return client.fetchBlock(ref.host(), ref.blockPort(), ref.block());
    }

    @Override
    public void registered(Link.Register register) {
        synchronized (this) {
            ChildRunner child = children.get(register.runner());
            if (child == null) {
                return;
            }
            child.ready();
        }
        listener.scheduler(new SchedulerEvent.RunnerRegistered(
                register.runner(), register.host(), "", register.slots(), register.blockPort(), 0));
    }

    @Override
    public void happened(String runner, RunnerEvent event) {
        synchronized (this) {
            if (!children.containsKey(runner)) {
                return;
            }
        }
        listener.runner(runner, event);
    }

    @Override
    public synchronized void silent(String runner, long millis) {
        ChildRunner child = children.get(runner);
        if (child != null) {
            child.kill();
        }
    }

    @Override
    public void stop(String reason, long timeoutMillis) {
        List<ChildRunner> ending;
        synchronized (this) {
            stopping = true;
            ending = new ArrayList<>(children.values());
            ending.addAll(released);
            if (endpoint == null) {
                return;
            }
        }
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        for (ChildRunner child : ending) {
            endpoint.send(child.runner(), new RunnerCommand.Shutdown(reason));
            child.endInput();
        }
        for (ChildRunner child : ending) {
            child.awaitExit((deadline - System.nanoTime()) / 1_000_000);
        }
        client.close();
        endpoint.close();
        if (server != null) {
            server.close();
        }
    }
}
