package io.weft.runner.output;

import java.util.Objects;

/**
 * The name of an output in the making.
 *
 * @param application the application's id, the same in all attempts at its ApplicationMaster
 * @param session names the attempt
 * @param job number in the session
 */
public record StagedName(String application, String session, int job) {
    public StagedName {
        Objects.requireNonNull(application, "application is null");
        Objects.requireNonNull(session, "session is null");
    }

    String text() {
        return prefix() + session + "~" + job;
    }

    /** A few letters that no other save has. */
    String unique() {
        return session + Integer.toString(job, Character.MAX_RADIX);
    }

    /** Of an ApplicationMaster that has died: only one of an application lives. */
    boolean isOfAnEarlierAttempt(String name) {
        return name.startsWith(prefix()) && !name.startsWith(prefix() + session + "~");
    }

    private String prefix() {
        return application + "~";
    }
}
