package io.weft.master.backend.yarn;

import org.apache.hadoop.yarn.api.records.Container;
import org.apache.hadoop.yarn.client.api.AMRMClient;
import org.apache.hadoop.yarn.client.api.AMRMClient.ContainerRequest;

/** Containers of one profile: they are asked for at a priority of their own, by which an answer tells whose it is. Guarded by the backend. */
final class ContainerPool {
    /** Of the profile that every application has. */
    private static final int FIRST_PRIORITY = 1;

    final int profile;
    final ContainerRequests requests;

    private ContainerPlan plan;

    /** How many containers there shall be. */
    int wanted;

    /** How many were allocated and have not ended. */
    int held;

    /** How many of them have a runner that has registered. */
    int ready;

    ContainerPool(int profile, ContainerPlan plan, AMRMClient<ContainerRequest> resourceManager) {
        this.profile = profile;
        this.plan = plan;
        requests = new ContainerRequests(resourceManager, plan, FIRST_PRIORITY + profile);
    }

    /** Number of the profile for which a container was asked for. */
    static int profileOf(Container container) {
        return container.getPriority().getPriority() - FIRST_PRIORITY;
    }

    ContainerPlan plan() {
        return plan;
    }

    /** From now on containers are of another plan. True when what it has cannot do for those: then all asks are taken back. */
    boolean follow(ContainerPlan next) {
        boolean other = !next.isLike(plan);
        if (other) {
            requests.startAgain(next);
        }
        plan = next;
        return other;
    }

    /** Asks for what is missing, or takes asks back that are too many. */
    void balance(long nowMillis) {
        while (held + requests.waiting() < wanted) {
            requests.askForOne(nowMillis);
        }
        boolean withdrawn = true;
        while (withdrawn && held + requests.waiting() > wanted) {
            withdrawn = requests.withdrawOne();
        }
    }

    /** What it waits for, in the user's words; "" when some of it is there, or nothing is wanted. */
    String waiting() {
        if (wanted <= 0 || ready > 0) {
            return "";
        }
        String whose = profile == 0 ? "" : " of profile " + profile;
        return "waiting for containers" + whose + ": " + held + " of " + wanted + " granted, none ready yet";
    }
}
