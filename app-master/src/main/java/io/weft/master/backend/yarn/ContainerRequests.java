package io.weft.master.backend.yarn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.yarn.api.records.Container;
import org.apache.hadoop.yarn.api.records.Priority;
import org.apache.hadoop.yarn.api.records.Resource;
import org.apache.hadoop.yarn.client.api.AMRMClient;
import org.apache.hadoop.yarn.client.api.AMRMClient.ContainerRequest;

/**
 * What has been asked of the ResourceManager and not come yet. Each ask names the one host that has fewest containers so far and
 * insists on it for {@link #INSIST_MILLIS}: containers spread, and tasks find their blocks; the CapacityScheduler's own locality
 * delay lasts milliseconds. Then any host will do. Thread-safe.
 */
final class ContainerRequests {
    static final long INSIST_MILLIS = 1_500;

    private record Ask(ContainerRequest request, String host, long sinceMillis) {}

    private final AMRMClient<ContainerRequest> resourceManager;
    private final Priority priority;
    private ContainerPlan plan;

    /** Asks by their allocation request id. */
    private final Map<Long, Ask> waiting = new LinkedHashMap<>();

    /** Containers asked for or held, by host. */
    private final Map<String, Integer> byHost = new LinkedHashMap<>();

    private long nextId;

    /** {@code priority}: of these asks and no others. */
    ContainerRequests(AMRMClient<ContainerRequest> resourceManager, ContainerPlan plan, int priority) {
        this.resourceManager = resourceManager;
        this.priority = Priority.newInstance(priority);
        this.plan = plan;
        nextId = (long) priority << Integer.SIZE;
        plan.hosts().forEach(host -> byHost.put(host, 0));
    }

    synchronized int waiting() {
        return waiting.size();
    }

    synchronized void askForOne(long nowMillis) {
        String host = emptiestHost();
        if (host != null) {
            byHost.merge(host, 1, Integer::sum);
        }
        ask(host, nowMillis);
    }

    /** Takes back all asks; those to come are by another plan. */
    synchronized void startAgain(ContainerPlan next) {
        while (withdrawOne()) {
            continue;
        }
        plan = next;
    }

    private void ask(String host, long nowMillis) {
        ContainerRequest request = ContainerRequest.newBuilder()
                .capability(Resource.newInstance(plan.megabytes(), plan.cores()))
                .nodes(host == null ? null : new String[] {host})
                .priority(priority)
                .relaxLocality(host == null)
                .allocationRequestId(nextId)
                .build();
        waiting.put(nextId++, new Ask(request, host, nowMillis));
        resourceManager.addContainerRequest(request);
    }

    /** Asks again, for any host, where the named one has given nothing for long. */
    synchronized void insistNoLonger(long nowMillis) {
        List<Long> late = new ArrayList<>();
        waiting.forEach((id, ask) -> {
            if (ask.host() != null && nowMillis - ask.sinceMillis() > INSIST_MILLIS) {
                late.add(id);
            }
        });
        for (Long id : late) {
            Ask ask = waiting.remove(id);
            resourceManager.removeContainerRequest(ask.request());
            ended(ask.host());
            ask(null, nowMillis);
        }
    }

    /** Takes back the ask that was made last; false when none waits. */
    synchronized boolean withdrawOne() {
        Long last = null;
        for (Long id : waiting.keySet()) {
            last = id;
        }
        if (last == null) {
            return false;
        }
        Ask ask = waiting.remove(last);
        resourceManager.removeContainerRequest(ask.request());
        if (ask.host() != null) {
            ended(ask.host());
        }
        return true;
    }

    /** Takes an allocated container off the list; false when it was not asked for (any more). */
    synchronized boolean answered(Container container) {
        Ask ask = waiting.remove(container.getAllocationRequestId());
        if (ask == null) {
            return false;
        }
        resourceManager.removeContainerRequest(ask.request());
        if (ask.host() != null) {
            ended(ask.host());
        }
        byHost.merge(container.getNodeId().getHost(), 1, Integer::sum);
        return true;
    }

    /** A container on this host is gone. */
    synchronized void ended(String host) {
        byHost.computeIfPresent(host, (name, count) -> Math.max(0, count - 1));
    }

    private String emptiestHost() {
        String emptiest = null;
        for (Map.Entry<String, Integer> entry : byHost.entrySet()) {
            if (emptiest == null || entry.getValue() < byHost.get(emptiest)) {
                emptiest = entry.getKey();
            }
        }
        return emptiest;
    }
}
