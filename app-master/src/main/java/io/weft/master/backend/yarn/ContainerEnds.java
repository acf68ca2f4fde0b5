package io.weft.master.backend.yarn;

import java.util.Set;
import org.apache.hadoop.yarn.api.records.ContainerExitStatus;
import org.apache.hadoop.yarn.api.records.ContainerStatus;

/** What YARN's exit codes mean to a user, and which of them are nobody's fault here. */
final class ContainerEnds {
    private static final Set<Integer> BLAMELESS = Set.of(
            ContainerExitStatus.ABORTED,
            ContainerExitStatus.DISKS_FAILED,
            ContainerExitStatus.PREEMPTED,
            ContainerExitStatus.KILLED_BY_APPMASTER,
            ContainerExitStatus.KILLED_BY_RESOURCEMANAGER,
            ContainerExitStatus.KILLED_BY_CONTAINER_SCHEDULER,
            ContainerExitStatus.KILLED_AFTER_APP_COMPLETION);

    private ContainerEnds() {}

    /** Whether this end counts towards {@link ContainerPlan#maxFailures}. */
    static boolean isFailure(ContainerStatus status) {
        return !BLAMELESS.contains(status.getExitStatus());
    }

    /** One sentence, with YARN's own words where it has any. */
    static String reason(ContainerStatus status, String host) {
        String diagnostics = status.getDiagnostics() == null
                ? ""
                : status.getDiagnostics().strip().replaceAll("\\s+", " ");
        String words =
                diagnostics.isEmpty() ? "" : ": " + diagnostics.substring(0, Math.min(600, diagnostics.length()));
        return "container " + status.getContainerId() + " on " + host + " " + verb(status.getExitStatus()) + words;
    }

    private static String verb(int exit) {
        if (exit == ContainerExitStatus.ABORTED) {
            return "was lost with its node";
        }
        if (exit == ContainerExitStatus.DISKS_FAILED) {
            return "ended because its node's disks failed";
        }
        if (exit == ContainerExitStatus.PREEMPTED) {
            return "was preempted";
        }
        if (exit == ContainerExitStatus.KILLED_EXCEEDED_PMEM || exit == ContainerExitStatus.KILLED_EXCEEDED_VMEM) {
            return "was killed by YARN for its memory (raise weft.executor.memoryOverhead)";
        }
        if (exit > 128 && exit < 160) {
            return "died by signal " + (exit - 128);
        }
        return "ended with exit code " + exit;
    }
}
