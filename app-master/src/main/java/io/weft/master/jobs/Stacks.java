package io.weft.master.jobs;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Stacks as text, for --verbose and the event log only. */
public final class Stacks {
    private Stacks() {}

    public static String text(Throwable error) {
        StringWriter out = new StringWriter();
        error.printStackTrace(new PrintWriter(out));
        return out.toString();
    }

    /** The message, or the class where there is none. */
    public static String message(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank() ? error.getClass().getSimpleName() : message;
    }
}
