package io.weft.master.backend.yarn;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.yarn.api.records.Container;
import org.apache.hadoop.yarn.api.records.Priority;
import org.apache.hadoop.yarn.api.records.Resource;
import org.apache.hadoop.yarn.client.api.AMRMClient;
import org.apache.hadoop.yarn.client.api.AMRMClient.ContainerRequest;

/**
 * What has been asked of the ResourceManager and not come yet. Each ask names one host that has fewest containers so far, with
 * other hosts allowed: containers spread, and tasks find their blocks. Used by the heartbeat thread only.
 */
final class ContainerRequests {
    private static final Priority PRIORITY = Priority.newInstance(1);

    private final AMRMClient<ContainerRequest> resourceManager;
    private final ContainerPlan plan;

    /** Asks by their allocation request id. */
    private final Map<Long, ContainerRequest> waiting = new LinkedHashMap<>();

    /** Containers asked for or held, by host. */
    private final Map<String, Integer> byHost = new LinkedHashMap<>();

    private long nextId;

    ContainerRequests(AMRMClient<ContainerRequest> resourceManager, ContainerPlan plan) {
        this.resourceManager = resourceManager;
        this.plan = plan;
        plan.hosts().forEach(host -> byHost.put(host, 0));
    }

    int waiting() {
        return waiting.size();
    }

    void askForOne() {
        String host = emptiestHost();
        ContainerRequest request = ContainerRequest.newBuilder()
                .capability(Resource.newInstance(plan.megabytes(), plan.cores()))
                .nodes(host == null ? null : new String[] {host})
                .priority(PRIORITY)
                .relaxLocality(true)
                .allocationRequestId(nextId)
                .build();
        waiting.put(nextId++, request);
        if (host != null) {
            byHost.merge(host, 1, Integer::sum);
        }
        resourceManager.addContainerRequest(request);
    }

    /** Takes an allocated container off the list; false when it was not asked for (any more). */
    boolean answered(Container container) {
        ContainerRequest request = waiting.remove(container.getAllocationRequestId());
        if (request == null) {
            return false;
        }
        resourceManager.removeContainerRequest(request);
        if (request.getNodes() != null && !request.getNodes().isEmpty()) {
            byHost.merge(request.getNodes().get(0), -1, Integer::sum);
        }
        byHost.merge(container.getNodeId().getHost(), 1, Integer::sum);
        return true;
    }

    /** A container on this host is gone. */
    void ended(String host) {
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
