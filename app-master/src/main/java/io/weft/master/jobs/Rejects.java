package io.weft.master.jobs;

import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanNode;
import io.weft.master.plan.Step;
import io.weft.runner.output.DeadLetters;
import io.weft.runner.output.JobOutput;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * What the steps of one job have rejected, against what they may. The loop thread adds; the thread that answers the driver asks and
 * commits.
 */
public final class Rejects {
    /** A job without steps that may reject records. */
    public static final Rejects NONE = new Rejects(Map.of());

    private static final int FIRST = 3;

    private static final class Policy {
        private final Map<String, Object> given;
        private final Optional<DeadLetters> letters;
        private final List<TaskAttemptId> winners = new ArrayList<>();
        private final List<Map<String, Object>> first = new ArrayList<>();
        private long seen;
        private long rejected;

        Policy(Map<String, Object> given, Optional<DeadLetters> letters) {
            this.given = given;
            this.letters = letters;
        }

        private boolean isOver(boolean atEnd) {
            boolean tooMany = given.get("max") instanceof Number max && rejected > max.longValue();
            return tooMany
                    || (atEnd && given.get("ratio") instanceof Number part && rejected > part.doubleValue() * seen);
        }

        /** In the words of the worker's over_budget. */
        private String message() {
            List<String> limits = new ArrayList<>();
            if (given.get("max") instanceof Number max) {
                limits.add(String.format("max=%d allows %,d", max.longValue(), max.longValue()));
            }
            if (given.get("ratio") instanceof Number part) {
                limits.add(String.format("ratio=%s allows %,d", part, (long) (part.doubleValue() * seen)));
            }
            StringBuilder text = new StringBuilder(String.format(
                    "%s rejected %,d of %,d %s; %s.",
                    given.get("what"), rejected, seen, seen == 1 ? "record" : "records", String.join(", ", limits)));
            for (Map<String, Object> letter : first) {
                text.append('\n').append(letter.get("error"));
                if (letter.get("path") != null) {
                    text.append(String.format(
                            " (%s, byte %,d)", letter.get("path"), ((Number) letter.get("offset")).longValue()));
                }
                text.append(": ").append(letter.get("record"));
            }
            return text.toString();
        }
    }

    /** By the id of their step. */
    private final Map<Integer, Policy> policies;

    private Rejects(Map<Integer, Policy> policies) {
        this.policies = policies;
    }

    static Rejects of(Plan plan, String application, int job, HadoopSupplier hadoop) throws IOException {
        Map<Integer, Policy> policies = new LinkedHashMap<>();
        for (PlanNode node : plan.nodes()) {
            if (node instanceof PlanNode.Pipeline pipeline) {
                for (Step step : pipeline.steps()) {
                    if (step.errors().isPresent()) {
                        Map<String, Object> given = Json.object(step.errors().get());
                        Optional<DeadLetters> letters = Optional.empty();
                        if (given.get("deadLetters") instanceof String folder) {
                            String path = JobOutput.qualify(folder, step.name() + " at " + step.site(), hadoop.get());
                            letters = Optional.of(DeadLetters.of(path, application, job, hadoop.get()));
                        }
                        policies.put(((Number) given.get("id")).intValue(), new Policy(given, letters));
                    }
                }
            }
        }
        return policies.isEmpty() ? NONE : new Rejects(policies);
    }

    /** Whether tasks write what they reject. */
    boolean keepsLetters() {
        return policies.values().stream().anyMatch(policy -> policy.letters.isPresent());
    }

    /** Asked only when a folder is named. */
    interface HadoopSupplier {
        Configuration get() throws IOException;
    }

    /** Properties of the job's tasks: where they write what they reject. */
    Map<String, String> properties() {
        Map<String, String> folders = new LinkedHashMap<>();
        policies.forEach(
                (id, policy) -> policy.letters.ifPresent(letters -> folders.put("weft.rejects." + id, letters.work())));
        return folders;
    }

    /** What an accepted attempt says of its steps; returns how many records it rejected. */
    public synchronized long add(TaskAttemptId attempt, String counts) throws IOException {
        long added = 0;
        if (Json.object("{\"steps\":" + counts + "}").get("steps") instanceof List<?> steps) {
            for (Object one : steps) {
                if (one instanceof Map<?, ?> step) {
                    added += add(attempt, step);
                }
            }
        }
        return added;
    }

    @SuppressWarnings("unchecked") // letters are JSON objects, whose keys are texts
    private long add(TaskAttemptId attempt, Map<?, ?> step) {
        Policy policy = policies.get(((Number) step.get("id")).intValue());
        if (policy == null) {
            return 0;
        }
        long rejected = ((Number) step.get("rejected")).longValue();
        policy.seen += ((Number) step.get("seen")).longValue();
        policy.rejected += rejected;
        if (rejected > 0) {
            policy.winners.add(attempt);
            for (Object letter : (List<?>) step.get("first")) {
                if (policy.first.size() < FIRST) {
                    policy.first.add((Map<String, Object>) letter);
                }
            }
        }
        return rejected;
    }

    /** Why the job fails (E26), if it does; {@code atEnd}: all tasks have been added. */
    public synchronized Optional<JobFailure> verdict(boolean atEnd) {
        for (Policy policy : policies.values()) {
            if (policy.isOver(atEnd)) {
                return Optional.of(JobFailure.of("E26", 1, "user", policy.message()));
            }
        }
        return Optional.empty();
    }

    /** Makes the dead letters of the attempts that count appear. */
    synchronized void commit() throws IOException {
        for (Map.Entry<Integer, Policy> one : policies.entrySet()) {
            Policy policy = one.getValue();
            if (policy.letters.isPresent()) {
                policy.letters.get().commit(one.getKey(), policy.winners);
            }
        }
    }

    /** Removes what is not committed. */
    synchronized void close() {
        for (Policy policy : policies.values()) {
            try {
                if (policy.letters.isPresent()) {
                    policy.letters.get().close();
                }
            } catch (IOException e) {
                // the job's own end is what the driver hears; a hidden folder may stay
            }
        }
    }
}
