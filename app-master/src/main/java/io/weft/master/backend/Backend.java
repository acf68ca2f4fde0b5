package io.weft.master.backend;

import io.weft.runner.protocol.RunnerCommand;
import java.io.IOException;
import java.util.Map;

/**
 * The source of runners. All methods but {@link #stop} return at once; they are called by the application's loop thread, which begins
 * when {@code start} has returned, except {@code start} and {@code stop}. What happens is told to the listener, from any thread, in order for each runner.
 */
public interface Backend {
    /** Starts getting runners. Throws IOException with a sentence for the user when there can be none. */
    void start(BackendListener listener) throws IOException;

    /** Slots that could be used now, and by host how many tasks would like to run there. A hint. */
    void wantSlots(int slots, Map<String, Integer> byHost);

    /**
     * So many runners of a profile shall there be, as far as that can be had: more are asked for, or what was asked for and has not come
     * is given up. 0 is the number of the profile of those that there are anyway.
     */
    default void wantRunners(int profile, int runners) {}

    /** Whether a runner's map outputs can be read when it is gone. */
    default boolean keepsOutputs(String runner) {
        return false;
    }

    /** This runner is not needed any more, and is not replaced; the listener hears no more of it. */
    void release(String runner);

    /** Sends a command; one to a runner that is gone is dropped, its loss is reported once. */
    void send(String runner, RunnerCommand command);

    /** Why jobs wait, in the user's words, or "" when nothing outside holds them up. */
    default String waiting() {
        return "";
    }

    /** Ends all runners and all their processes; returns when they are gone, at the latest after {@code timeoutMillis}. */
    void stop(String reason, long timeoutMillis);
}
