package io.weft.runner.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.input.InputException;
import io.weft.runner.output.OutputException;
import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.TaskFailure;
import io.weft.runner.worker.Frame;
import io.weft.runner.worker.Json;
import io.weft.runner.worker.WorkerExit;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Puts what went wrong into the words and codes of the error catalogue. */
final class Failures {
    private static final byte[] NO_PICKLE = new byte[0];

    /** Mapped files below this, the interpreter's own among them, explain nothing. */
    private static final long WORTH_TELLING_BYTES = 64L << 20;

    private static final int SIGKILL = -9;
    private static final int PROTOCOL_ERROR = 70;

    private Failures() {}

    /** From a worker's ERROR frame. */
    static TaskFailure reported(Frame error) {
        JsonNode json = error.jsonPart();
        String kind = json.path("kind").asText("internal");
        String type = json.path("type").asText("");
        String message = json.path("message").asText("");
        String summary = type.isEmpty() || kind.equals("disk") || kind.equals("budget")
                ? message
                : message.isEmpty() ? type : type + ": " + message;
        return new TaskFailure(kindOf(kind), codeOf(kind), summary, json.toString(), error.bytesPart(), "");
    }

    private static FailureKind kindOf(String kind) {
        return switch (kind) {
            case "user" -> FailureKind.USER;
            case "memory", "disk" -> FailureKind.RESOURCES;
            case "key", "import", "input", "budget" -> FailureKind.FATAL;
            default -> FailureKind.INTERNAL;
        };
    }

    private static String codeOf(String kind) {
        return switch (kind) {
            case "user" -> "E01";
            case "memory" -> "E09";
            case "input" -> InputException.DAMAGED;
            case "key" -> "E22";
            case "budget" -> "E26";
            case "import" -> "E06";
            default -> "";
        };
    }

    /** An input failed before its end; {@code error} is what the worker said of it. */
    static TaskFailure input(Exception cause, String error) {
        if (cause instanceof InputException input) {
            FailureKind kind = input.retryable() ? FailureKind.EXTERNAL : FailureKind.FATAL;
            return new TaskFailure(kind, input.code(), input.getMessage(), error, NO_PICKLE, stack(cause));
        }
        FailureKind kind = cause instanceof RuntimeException ? FailureKind.INTERNAL : FailureKind.EXTERNAL;
        return new TaskFailure(
                kind, "", "an input could not be read: " + describe(cause), error, NO_PICKLE, stack(cause));
    }

    /** What the runner itself had to do failed. */
    static TaskFailure runner(String what, Exception cause) {
        if (cause instanceof OutputException output) {
            FailureKind kind = output.code().isEmpty() ? FailureKind.EXTERNAL : FailureKind.FATAL;
            return new TaskFailure(kind, output.code(), output.getMessage(), "", NO_PICKLE, stack(cause));
        }
        FailureKind kind = cause instanceof RuntimeException ? FailureKind.INTERNAL : FailureKind.EXTERNAL;
        return new TaskFailure(kind, "", what + ": " + describe(cause), "", NO_PICKLE, stack(cause));
    }

    /** The worker ended in the midst of a task. {@code step}: the last it named, such as {@code flatMap etl.py:58}, or "". */
    static TaskFailure died(String label, WorkerExit exit, String step, List<String> errorTail, FaultReport fault) {
        String where = fault.last()
                .map(frame -> "; the last Python line was " + frame)
                .orElse(step.isEmpty() ? "" : "; its last step was " + step);
        String summary;
        FailureKind kind = FailureKind.USER;
        String code = "E08";
        if (exit instanceof WorkerExit.ForkServerEnded ended) {
            summary = "The Python worker of " + label + " ended with its fork server: " + ended.reason();
            kind = FailureKind.EXTERNAL;
        } else if (!(exit instanceof WorkerExit.Status status)) {
            summary = "The Python worker of " + label + " closed its connection" + where;
            kind = FailureKind.INTERNAL;
        } else if (status.status() == SIGKILL) {
            summary = "The Python worker of " + label + " was killed from outside (SIGKILL)" + where
                    + "\nThe kernel does so when the machine has no memory left: give fewer slots, or more partitions.";
            kind = FailureKind.RESOURCES;
        } else if (status.isSignal()) {
            summary = "The Python worker of " + label + " died by " + status + fault.culprit() + where;
        } else {
            summary = "The Python worker of " + label + " ended with " + status + " in the midst of the task" + where
                    + "\nA function that it ran has ended the process, as os._exit does. Raise an exception instead.";
            kind = status.status() == PROTOCOL_ERROR ? FailureKind.INTERNAL : FailureKind.USER;
        }
        ObjectNode error = error("died", summary, step);
        error.set("frames", fault.framesJson());
        error.put("exit", exit instanceof WorkerExit.Status status ? status.toString() : "");
        String tail = fault.text().isEmpty() ? String.join("\n", errorTail) : fault.text();
        error.put("allFrames", tail);
        return new TaskFailure(kind, code, summary, error.toString(), NO_PICKLE, "");
    }

    /** The runner stopped the worker because it held {@code used} bytes. */
    static TaskFailure overMemory(String label, long used, long mapped, long limit, String step) {
        String during = step.isEmpty() ? "" : " (" + step + ")";
        String summary =
                label + during + " used " + size(used) + "; a worker may use " + size(limit) + ". It was stopped.";
        if (mapped > WORTH_TELLING_BYTES) {
            summary += " " + size(mapped) + " of it were mapped files such as broadcasts, which YARN counts once for "
                    + "every worker (docs/broadcast.md).";
        }
        ObjectNode error = error("memory", summary, step);
        error.put("usedBytes", used).put("limitBytes", limit);
        return new TaskFailure(FailureKind.RESOURCES, "E09", summary, error.toString(), NO_PICKLE, "");
    }

    private static ObjectNode error(String kind, String message, String step) {
        ObjectNode error = Json.object();
        error.put("kind", kind).put("type", "").put("module", "").put("message", message);
        int space = step.indexOf(' ');
        if (space > 0) {
            error.putObject("step").put("name", step.substring(0, space)).put("site", step.substring(space + 1));
        }
        return error;
    }

    /** {@code 3.1 GiB}, {@code 812 MiB}. */
    static String size(long bytes) {
        if (bytes >= 1L << 30) {
            return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
        }
        return bytes >= 1L << 20 ? (bytes >> 20) + " MiB" : (bytes >> 10) + " KiB";
    }

    private static String describe(Exception cause) {
        return Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getSimpleName());
    }

    private static String stack(Exception cause) {
        StringWriter text = new StringWriter();
        cause.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
