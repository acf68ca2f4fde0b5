package io.weft.master.backend.yarn;

import io.weft.master.backend.Backend;
import io.weft.master.backend.BackendListener;
import io.weft.master.backend.RunnerEndpoint;
import io.weft.master.config.LargestContainer;
import io.weft.master.scheduler.SchedulerEvent;
import io.weft.runner.protocol.Link;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import io.weft.runner.rpc.ApplicationSecret;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.yarn.api.protocolrecords.AllocateResponse;
import org.apache.hadoop.yarn.api.records.Container;
import org.apache.hadoop.yarn.api.records.ContainerStatus;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.apache.hadoop.yarn.api.records.Resource;
import org.apache.hadoop.yarn.client.api.AMRMClient;
import org.apache.hadoop.yarn.client.api.AMRMClient.ContainerRequest;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.exceptions.ApplicationAttemptNotFoundException;
import org.apache.hadoop.yarn.exceptions.YarnException;

/**
 * Runners in YARN containers. One thread talks to the ResourceManager: every 20 ms while something is awaited, slowing down to
 * a second. A lost container is asked for again, until too many have failed; one that was released is not. Containers of different
 * profiles have pools of their own. Guarded by itself where threads meet.
 */
public final class YarnBackend implements Backend, RunnerEndpoint.Listener {
    private static final long FAST_MILLIS = 20;
    private static final long SLOW_MILLIS = 1_000;
    private static final long SILENCE_MILLIS = 30_000;
    /** How long a released runner may take to end by itself. */
    private static final long RELEASE_MILLIS = 10_000;

    private final Launch launch;
    private final Configuration conf;
    private final AMRMClient<ContainerRequest> resourceManager;
    private final ContainerLauncher launcher;
    private final RunnerEndpoint endpoint;

    /** By profile; 0 is there from the start. */
    private final Map<Integer, ContainerPool> pools = new TreeMap<>();

    /** All and only containers that were allocated and have not ended, by id. */
    private final Map<String, Container> held = new LinkedHashMap<>();

    /** Ids of held containers whose runner has registered, in order. */
    private final Map<String, Link.Register> registered = new LinkedHashMap<>();

    private volatile DoubleSupplier progress = () -> 0;
    /** Containers that were released and have not ended, with the time at which YARN is told to end them. */
    private final Map<String, Released> released = new LinkedHashMap<>();

    private BackendListener listener;
    private volatile LargestContainer largest = new LargestContainer(Long.MAX_VALUE, Integer.MAX_VALUE);
    private Thread heartbeat;
    private int failures;
    private boolean stopping;
    private boolean nudged;

    private record Released(Container container, long endMillis) {}

    /**
     * How containers are started.
     *
     * @param blockPort of the ApplicationMaster's block server
     * @param shuffleService whether mapreduce_shuffle, where a node has it, serves map outputs of containers that are gone
     */
    public record Launch(
            String host,
            int blockPort,
            String user,
            AmResources resources,
            ApplicationSecret secret,
            boolean shuffleService) {}

    public YarnBackend(Configuration cluster, ContainerPlan plan, Launch launch) throws IOException {
        this.launch = launch;
        conf = new YarnConfiguration(cluster);
        conf.setInt("yarn.resourcemanager.connect.max-wait.ms", 600_000);
        resourceManager = AMRMClient.createAMRMClient();
        resourceManager.init(conf);
        pools.put(0, new ContainerPool(0, plan, resourceManager));
        launcher = new ContainerLauncher(
                conf,
                launch.resources().resources(),
                launch.resources().credentials(),
                launch.shuffleService() ? Optional.of(launch.secret().bytes()) : Optional.empty());
        endpoint = new RunnerEndpoint(conf, "0.0.0.0", launch.secret(), SILENCE_MILLIS, this);
    }

    /** What YARN is told of how far the application is: from 0 to 1. */
    public void tellProgress(DoubleSupplier share) {
        progress = share;
    }

    @Override
    public void start(BackendListener listener) throws IOException {
        this.listener = listener;
        resourceManager.start();
        try {
            Resource most = resourceManager
                    .registerApplicationMaster(launch.host(), endpoint.port(), "")
                    .getMaximumResourceCapability();
            largest = new LargestContainer(most.getMemorySize(), most.getVirtualCores());
        } catch (YarnException e) {
            throw new IOException("YARN did not register the ApplicationMaster: " + e.getMessage(), e);
        }
        wantRunners(0, pool(0).plan().containers());
        heartbeat = new Thread(this::beat, "weft-yarn-heartbeat");
        heartbeat.setDaemon(true);
        heartbeat.start();
    }

    @Override
    public void wantSlots(int slots, Map<String, Integer> byHost) {
        // The number of containers is what wantRunners says.
    }

    @Override
    public synchronized void wantRunners(int profile, int runners) {
        ContainerPool pool = pool(profile);
        pool.wanted = runners;
        if (!stopping) {
            pool.balance(millis());
        }
        nudge();
    }

    /** From now on runners of this profile can be wanted, in containers of this plan. Any thread. */
    public synchronized void add(int profile, ContainerPlan plan) {
        pools.putIfAbsent(profile, new ContainerPool(profile, plan, resourceManager));
    }

    private synchronized ContainerPool pool(int profile) {
        return pools.get(profile);
    }

    private synchronized ContainerPool pool(Container container) {
        return pools.get(ContainerPool.profileOf(container));
    }

    /** Takes a container off those that are held; null when it is not one of them. */
    private synchronized Container drop(String id) {
        Container container = held.remove(id);
        if (container != null) {
            ContainerPool pool = pool(container);
            pool.held--;
            pool.requests.ended(container.getNodeId().getHost());
        }
        return container;
    }

    /** What its runner registered with; null when it has not, or not any more. */
    private synchronized Link.Register notReady(String id, Container container) {
        Link.Register runner = registered.remove(id);
        if (runner != null) {
            pool(container).ready--;
        }
        return runner;
    }

    /** The largest container that the cluster grants; any size before {@link #start}. */
    public LargestContainer largest() {
        return largest;
    }

    /** Has all containers of no profile be of another plan: before the first job, since those of another size go. Any thread. */
    public void startAgain(ContainerPlan next) {
        List<String> ready = new ArrayList<>();
        synchronized (this) {
            ContainerPool pool = pool(0);
            if (pool.follow(next)) {
                ready.addAll(letGo(pool, 0));
            }
            wantRunners(0, next.containers());
            ready.addAll(letGo(pool, next.containers()));
        }
        for (String runner : ready) {
            endpoint.send(runner, new RunnerCommand.Shutdown("the program asks for other containers"));
        }
    }

    /** Keeps so many containers, and gives who else was ready, to be told of its end; who was not is ended by YARN at once. */
    private List<String> letGo(ContainerPool pool, int kept) {
        List<String> ready = new ArrayList<>();
        for (Map.Entry<String, Container> one : List.copyOf(held.entrySet())) {
            if (pool.held <= kept) {
                break;
            }
            if (pool(one.getValue()) != pool) {
                continue;
            }
            String id = one.getKey();
            drop(id);
            boolean isReady = notReady(id, one.getValue()) != null;
            released.put(id, new Released(one.getValue(), millis() + (isReady ? RELEASE_MILLIS : 0)));
            if (isReady) {
                ready.add(id);
                listener.scheduler(new SchedulerEvent.RunnerLost(id, false, "released, as others are wanted"));
            }
        }
        return ready;
    }

    @Override
    public synchronized boolean keepsOutputs(String runner) {
        Link.Register known = registered.get(runner);
        return known != null && known.shufflePort() > 0;
    }

    @Override
    public void release(String runner) {
        synchronized (this) {
            Container container = drop(runner);
            if (container == null) {
                return;
            }
            notReady(runner, container);
            ContainerPool pool = pool(container);
            pool.wanted = Math.max(0, pool.wanted - 1);
            released.put(runner, new Released(container, millis() + RELEASE_MILLIS));
        }
        endpoint.send(runner, new RunnerCommand.Shutdown("it had nothing to do"));
    }

    /** Released runners that have not ended by themselves. */
    private synchronized void endReleased() {
        for (Released one : released.values()) {
            if (one.endMillis() <= millis()) {
                resourceManager.releaseAssignedContainer(one.container().getId());
            }
        }
    }

    @Override
    public void send(String runner, RunnerCommand command) {
        endpoint.send(runner, command);
    }

    @Override
    public synchronized String waiting() {
        return pools.values().stream()
                .map(ContainerPool::waiting)
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElse("");
    }

    @Override
    public void stop(String reason, long timeoutMillis) {
        List<String> runners;
        synchronized (this) {
            stopping = true;
            runners = new ArrayList<>(held.keySet());
        }
        runners.forEach(runner -> endpoint.send(runner, new RunnerCommand.Shutdown(reason)));
        nudge();
    }

    /** The last word to YARN; afterwards the ResourceManager ends what still runs. */
    public void unregister(boolean succeeded, String diagnostics) throws IOException {
        try {
            resourceManager.unregisterApplicationMaster(
                    succeeded ? FinalApplicationStatus.SUCCEEDED : FinalApplicationStatus.FAILED, diagnostics, "");
        } catch (YarnException e) {
            throw new IOException("YARN did not unregister the ApplicationMaster: " + e.getMessage(), e);
        }
    }

    /** Lets threads and connections go. */
    public void close() {
        endpoint.close();
        launcher.close();
        resourceManager.stop();
    }

    @Override
    public void registered(Link.Register runner) {
        String rack = "";
        synchronized (this) {
            Container container = held.get(runner.runner());
            if (container == null) {
                return;
            }
            ContainerPool pool = pool(container);
            registered.put(runner.runner(), runner);
            pool.ready++;
            // in one go with what is remembered, so that nobody is told of the loss first
            listener.scheduler(new SchedulerEvent.RunnerRegistered(
                    runner.runner(), runner.host(), rack, runner.slots(), runner.blockPort(), pool.profile));
        }
    }

    @Override
    public void happened(String runner, RunnerEvent event) {
        synchronized (this) {
            if (released.containsKey(runner)) {
                return;
            }
        }
        listener.runner(runner, event);
    }

    @Override
    public void silent(String runner, long millis) {
        Container container;
        synchronized (this) {
            container = held.get(runner);
        }
        if (container == null) {
            return;
        }
        resourceManager.releaseAssignedContainer(container.getId());
        nudge();
        lost(container, "runner " + runner + " has been silent for " + millis / 1000 + " s", true);
    }

    private void beat() {
        long pause = FAST_MILLIS;
        while (true) {
            boolean awaiting;
            try {
                allPools().forEach(pool -> pool.requests.insistNoLonger(millis()));
                endReleased();
                handle(resourceManager.allocate((float) progress.getAsDouble()));
                awaiting = allPools().stream().anyMatch(pool -> pool.requests.waiting() > 0);
            } catch (ApplicationAttemptNotFoundException e) {
                listener.broken("E25", 7, "YARN does not know this ApplicationMaster any more: " + e.getMessage());
                return;
            } catch (YarnException | IOException e) {
                listener.broken("E15", 7, "The ResourceManager is out of reach: " + e.getMessage());
                return;
            }
            synchronized (this) {
                awaiting |= registered.size() < held.size() || nudged;
                pause = awaiting ? FAST_MILLIS : Math.min(pause * 2, SLOW_MILLIS);
                nudged = false;
                if (stopping || !pause(pause)) {
                    return;
                }
            }
        }
    }

    private synchronized List<ContainerPool> allPools() {
        return List.copyOf(pools.values());
    }

    private static long millis() {
        return System.nanoTime() / 1_000_000;
    }

    private boolean pause(long millis) {
        try {
            wait(millis);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private synchronized void nudge() {
        nudged = true;
        notifyAll();
    }

    private void handle(AllocateResponse response) {
        for (Container container : response.getAllocatedContainers()) {
            allocated(container);
        }
        for (ContainerStatus status : response.getCompletedContainersStatuses()) {
            completed(status);
        }
    }

    private void allocated(Container container) {
        String id = container.getId().toString();
        boolean asked;
        synchronized (this) { // together, for whoever counts both
            ContainerPool pool = pool(container);
            asked = pool != null && pool.requests.answered(container);
            if (asked) {
                held.put(id, container);
                pool.held++;
            }
        }
        if (!asked) {
            resourceManager.releaseAssignedContainer(container.getId());
            return;
        }
        launcher.launch(container, command(container), this::launchFailed);
    }

    private String command(Container container) {
        ContainerPlan plan = pool(container).plan();
        return "exec /bin/bash weft/bin/weft-container runner -Xmx" + AmResources.RUNNER_HEAP_MEGABYTES
                + "m -Dweft.application=" + launch.resources().application() + " io.weft.runner.container.RunnerMain "
                + "--runner " + container.getId() + " --host "
                + container.getNodeId().getHost() + " --slots " + plan.slots()
                + " --master " + launch.host() + ":" + endpoint.port() + " --blocks " + launch.host() + ":"
                + launch.blockPort() + " --megabytes " + plan.megabytes() + " --shuffle-service "
                + launch.shuffleService()
                + " 1><LOG_DIR>/stdout 2><LOG_DIR>/stderr";
    }

    private void launchFailed(Container container, Exception error) {
        resourceManager.releaseAssignedContainer(container.getId());
        String host = container.getNodeId().getHost();
        replace(
                container,
                true,
                "container " + container.getId() + " on " + host + " did not start: " + error.getMessage());
        nudge();
    }

    private void completed(ContainerStatus status) {
        String id = status.getContainerId().toString();
        Container container;
        synchronized (this) {
            if (released.remove(id) != null) {
                endpoint.forget(id);
            }
            container = held.get(id);
        }
        if (container != null) {
            String reason = ContainerEnds.reason(status, container.getNodeId().getHost());
            replace(container, ContainerEnds.isFailure(status), reason);
        }
    }

    /** A container is gone, or never came: report it and ask for another. */
    private void replace(Container container, boolean failure, String reason) {
        int failed;
        int most;
        synchronized (this) {
            if (stopping || drop(container.getId().toString()) == null) {
                return;
            }
            failures += failure ? 1 : 0;
            failed = failures;
            most = pools.values().stream()
                    .mapToInt(pool -> pool.plan().maxFailures())
                    .sum();
        }
        lost(container, reason, false);
        if (failed > most) {
            listener.broken("E10", 7, failed + " containers failed, more than " + most + "; the last: " + reason);
            return;
        }
        ContainerPool pool = pool(container);
        synchronized (this) {
            wantRunners(pool.profile, pool.wanted);
        }
    }

    private void lost(Container container, String reason, boolean silent) {
        String id = container.getId().toString();
        Link.Register runner = notReady(id, container);
        if (runner != null) {
            endpoint.forget(id);
            listener.scheduler(new SchedulerEvent.RunnerLost(id, runner.shufflePort() > 0 && !silent, reason));
        }
    }

    /** Ids of containers that are held, for tests and logs. */
    public synchronized Set<String> held() {
        return Set.copyOf(held.keySet());
    }

    /** The ResourceManager's address as configured, for messages. */
    public String resourceManagerAddress() {
        return conf.get(YarnConfiguration.RM_ADDRESS);
    }
}
