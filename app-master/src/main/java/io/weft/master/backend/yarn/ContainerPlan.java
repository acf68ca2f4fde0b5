package io.weft.master.backend.yarn;

import java.util.List;

/**
 * What containers the application wants, all alike.
 *
 * @param containers how many at the start, and to the end unless their number follows the work
 * @param slots of each, at most its cores
 * @param megabytes of a whole container
 * @param hosts hosts to spread the first ones over; may be empty
 */
public record ContainerPlan(int containers, int cores, int slots, int megabytes, List<String> hosts) {
    public ContainerPlan {
        if (containers < 1 || cores < 1 || slots < 1 || slots > cores || megabytes < 1) {
            throw new IllegalArgumentException(
                    containers + " containers of " + cores + " cores, " + slots + " slots, " + megabytes + " MB");
        }
        hosts = List.copyOf(hosts);
    }

    /** Its containers can do for those of the other. */
    boolean isLike(ContainerPlan other) {
        return cores == other.cores && slots == other.slots && megabytes == other.megabytes;
    }

    /** Container ends that count as failures before the application gives up. */
    int maxFailures() {
        return Math.max(3, 2 * containers);
    }
}
