package io.weft.master.plan;

/** A plan that cannot be run. The message begins with the user's operation and line: {@code reduceByKey at etl.py:59: …}. */
public final class InvalidPlanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;

    public InvalidPlanException(String message) {
        this("", message);
    }

    /** {@code code}: of docs/errors.md, or "". */
    public InvalidPlanException(String code, String message) {
        super(message);
        this.code = code;
    }

    public InvalidPlanException(String message, Throwable cause) {
        super(message, cause);
        code = "";
    }

    /** Of docs/errors.md, or "". */
    public String code() {
        return code;
    }

    /** The refusal of one node, naming the user's line. */
    public static InvalidPlanException of(Origin origin, String problem) {
        return new InvalidPlanException(origin + ": " + problem);
    }
}
