package io.weft.master.jobs;

import io.weft.master.scheduler.SchedulerAction;
import io.weft.master.stages.Stage;
import io.weft.runner.protocol.TaskAttemptId;
import io.weft.runner.protocol.TaskFailure;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts of failed jobs, in the words of the error catalogue. */
public final class JobFailures {
    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    private static final Pattern UNSTABLE_KEY = Pattern.compile("[Aa] key of class (\\S+) has a hash that");

    /** Codes whose text says already which input it is about. */
    private static final Set<String> NAMES_ITS_INPUT = Set.of("E02", "E16", "E21");

    private JobFailures() {}

    /** E20. */
    public static JobFailure resultTooLarge(JobRun job, long bytes, long limit) {
        return JobFailure.of(
                "E20",
                1,
                "resources",
                job.spec().action() + " would bring at least " + size(bytes) + " to the driver; the limit is "
                        + size(limit)
                        + " (weft.driver.maxResultSize). Use take(n) or saveAsTextFile, or raise it.");
    }

    /** What the scheduler's last word on a job means for the driver. */
    public static JobFailure of(JobRun job, SchedulerAction.JobFailed failed) {
        if (failed.cancelled()) {
            return JobFailure.of("", 1, "cancelled", job.spec().action() + " was cancelled: " + failed.reason() + ".");
        }
        if (failed.attempt() == null || failed.last() == null) {
            boolean barrier = failed.last() != null && failed.last().code().equals("E27");
            return barrier
                    ? JobFailure.of("E27", 1, "user", failed.reason())
                    : JobFailure.of("E23", 7, "external", failed.reason());
        }
        TaskFailure last = failed.last();
        JobFailure.Where where = where(job, failed);
        JobFailure.Evidence evidence = new JobFailure.Evidence(last.error(), last.pickled(), last.stack());
        String code = last.code();
        String message = message(code, summary(job, failed), last, where);
        return new JobFailure(code, exit(code, last), kind(last), message, where, evidence);
    }

    private static JobFailure.Where where(JobRun job, SchedulerAction.JobFailed failed) {
        TaskAttemptId attempt = failed.attempt();
        Optional<Stage> stage = job.stage(attempt.stage());
        String name = stage.map(Stage::name).orElse("");
        String site = stage.map(Stage::site).orElse("");
        Map<String, Object> step = inner(error(failed.last()), "step");
        String feeds = job.feeds(attempt.stage());
        if (step.isEmpty() && !feeds.isEmpty() && failed.last().code().equals("E01")) {
            site += "; for " + feeds;
        }
        return new JobFailure.Where(
                job.position(attempt.stage()),
                attempt.partition(),
                stage.map(one -> one.partitions().size()).orElse(0),
                Math.max(1, failed.hosts().size()),
                failed.hosts(),
                Json.string(step, "name", name),
                Json.string(step, "site", site));
    }

    /** The runner's words, with the stage as people count it, and the operation that a key was for. */
    private static String summary(JobRun job, SchedulerAction.JobFailed failed) {
        TaskAttemptId attempt = failed.attempt();
        String summary = failed.last()
                .summary()
                .replace("stage " + attempt.stage() + " task ", "stage " + job.position(attempt.stage()) + " task ");
        Matcher key = UNSTABLE_KEY.matcher(summary);
        String reader = job.feeds(attempt.stage());
        if (failed.last().code().equals("E22") && !reader.isEmpty() && key.find()) {
            return reader + " was given a key of class " + key.group(1) + ", whose hash" + summary.substring(key.end());
        }
        return summary;
    }

    private static String message(String code, String summary, TaskFailure last, JobFailure.Where where) {
        StringBuilder text = new StringBuilder();
        if (!code.equals("E01")) {
            text.append(summary).append('\n');
        }
        Map<String, Object> error = error(last);
        String record = Json.string(error, "record", "");
        Map<String, Object> input = inner(error, "input");
        if (!record.isEmpty()) {
            text.append("record: ").append(record);
            if (error.get("recordLength") instanceof Long length) {
                text.append(" (").append(grouped(length)).append(length == 1 ? " character)" : " characters)");
            }
            text.append(input(input, "  of ")).append('\n');
        } else if (!input.isEmpty() && !NAMES_ITS_INPUT.contains(code)) {
            text.append("input: ").append(input(input, "")).append('\n');
        }
        return text.append(place(where)).toString();
    }

    private static String input(Map<String, Object> input, String before) {
        String path = Json.string(input, "path", "");
        if (path.isEmpty()) {
            return "";
        }
        return before + path + (input.get("offset") instanceof Long offset ? ", after byte " + grouped(offset) : "");
    }

    /** {@code stage 2 (flatMap, etl.py:58), task 17 of 240; failed 4 times, on node3, node1}. */
    private static String place(JobFailure.Where where) {
        StringBuilder text = new StringBuilder("stage ").append(where.stage());
        if (!where.name().isEmpty()) {
            text.append(" (").append(where.name());
            text.append(where.site().isEmpty() ? "" : ", " + where.site()).append(')');
        }
        text.append(", task ").append(where.task()).append(" of ").append(where.of());
        if (where.attempts() > 1) {
            text.append("; failed ").append(where.attempts()).append(" times, on ");
            boolean oneHost = new LinkedHashSet<>(where.hosts()).size() == 1;
            text.append(oneHost ? where.hosts().get(0) : String.join(", ", where.hosts()));
        } else if (!where.hosts().isEmpty()) {
            text.append("; failed on ").append(where.hosts().get(0));
        }
        return text.toString();
    }

    private static int exit(String code, TaskFailure last) {
        return switch (code) {
            case "E02", "E03", "E16" -> 3;
            case "E06", "E07", "E14", "E24" -> 4;
            case "E10", "E23" -> 7;
            case "" ->
                switch (last.kind()) {
                    case USER, FATAL, RESOURCES -> 1;
                    case EXTERNAL, INTERNAL -> 7;
                };
            default -> 1;
        };
    }

    private static String kind(TaskFailure last) {
        if (last.code().equals("E21")) {
            return "input";
        }
        return switch (last.kind()) {
            case USER, FATAL -> "user";
            case RESOURCES -> "resources";
            case EXTERNAL -> "external";
            case INTERNAL -> "internal";
        };
    }

    private static Map<String, Object> error(TaskFailure failure) {
        if (failure.error().isEmpty()) {
            return Map.of();
        }
        try {
            return Json.object(failure.error());
        } catch (IOException unreadable) {
            return Map.of();
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> inner(Map<String, Object> object, String name) {
        return object.get(name) instanceof Map<?, ?> found ? (Map<String, Object>) found : Map.of();
    }

    private static String grouped(long number) {
        return String.format(java.util.Locale.ROOT, "%,d", number);
    }

    /** Bytes for people: 3.4 GiB, 1 GiB, 512 MiB, 17 bytes. */
    public static String size(long bytes) {
        long unit = bytes >= GIB ? GIB : bytes >= MIB ? MIB : bytes >= KIB ? KIB : 1;
        String name = unit == GIB ? " GiB" : unit == MIB ? " MiB" : unit == KIB ? " KiB" : " bytes";
        if (bytes % unit == 0) {
            return bytes / unit + name;
        }
        return String.format(java.util.Locale.ROOT, "%.1f", (double) bytes / unit) + name;
    }
}
