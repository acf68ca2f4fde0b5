package io.weft.master.plan;

/** A plan that cannot be run. The message begins with the user's operation and line: {@code reduceByKey at etl.py:59: …}. */
public final class InvalidPlanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidPlanException(String message) {
        super(message);
    }

    public InvalidPlanException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The refusal of one node, naming the user's line. */
    public static InvalidPlanException of(Origin origin, String problem) {
        return new InvalidPlanException(origin + ": " + problem);
    }
}
