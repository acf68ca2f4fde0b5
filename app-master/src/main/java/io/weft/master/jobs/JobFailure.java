package io.weft.master.jobs;

import java.util.List;
import java.util.Objects;

/**
 * Why a job failed, ready for the driver (FAILED of DATASOCKET.md).
 *
 * @param code catalogue id such as E01, "" when the catalogue has none
 * @param exit the catalogue's exit code
 * @param kind user, input, output, cancelled, resources, external or internal
 * @param message the text a person reads
 * @param where the failing task, or {@link Where#NONE}
 * @param evidence what the worker left
 */
public record JobFailure(String code, int exit, String kind, String message, Where where, Evidence evidence) {
    /**
     * The task to blame. {@code stage} is the stage's number as people see it (1-based position in its job), 0 for none; {@code of}
     * its number of tasks; {@code hosts} those of all failed attempts, in order.
     */
    public record Where(int stage, int task, int of, int attempts, List<String> hosts, String name, String site) {
        public static final Where NONE = new Where(0, 0, 0, 0, List.of(), "", "");

        public Where {
            hosts = List.copyOf(hosts);
        }
    }

    /** {@code error}: the worker's ERROR object (JSON) or ""; {@code pickled}: the exception or empty; {@code stack}: of the JVM or "". */
    public record Evidence(String error, byte[] pickled, String stack) {
        public static final Evidence NONE = new Evidence("", new byte[0], "");
    }

    public JobFailure {
        Objects.requireNonNull(code, "code is null");
        Objects.requireNonNull(kind, "kind is null");
        Objects.requireNonNull(message, "message is null");
        Objects.requireNonNull(where, "where is null");
        Objects.requireNonNull(evidence, "evidence is null");
    }

    /** A failure without a task to blame. */
    public static JobFailure of(String code, int exit, String kind, String message) {
        return new JobFailure(code, exit, kind, message, Where.NONE, Evidence.NONE);
    }

    /** A failure of the JVM side itself, with its stack for --verbose. */
    public static JobFailure of(String code, int exit, String kind, String message, Throwable cause) {
        return new JobFailure(code, exit, kind, message, Where.NONE, new Evidence("", new byte[0], Stacks.text(cause)));
    }
}
