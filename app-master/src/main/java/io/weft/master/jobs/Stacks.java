package io.weft.master.jobs;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Stacks as text, for --verbose and the event log only. */
public final class Stacks {
    private static final Pattern FRAME =
            Pattern.compile("\\tat [\\w.$/@]+[.\\w$<>]*\\(.*\\)|\\t\\.\\.\\. \\d+ more|Caused by: [\\w.$]+.*");

    private Stacks() {}

    public static String text(Throwable error) {
        StringWriter out = new StringWriter();
        error.printStackTrace(new PrintWriter(out));
        return out.toString();
    }

    /** The message, or the class where there is none. */
    public static String message(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank() ? error.getClass().getSimpleName() : withoutFrames(message);
    }

    /** A text without the lines of a Java stack: Hadoop's servers append theirs to what they say. */
    public static String withoutFrames(String text) {
        if (!text.contains("\n\tat ")) {
            return text;
        }
        return text.lines().filter(line -> !FRAME.matcher(line).matches()).collect(Collectors.joining("\n"));
    }
}
