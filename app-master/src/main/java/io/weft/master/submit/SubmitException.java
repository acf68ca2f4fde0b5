package io.weft.master.submit;

/** A failure with its catalogue code, its exit code and a text for the user. */
public final class SubmitException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;
    private final int exit;

    public SubmitException(String code, int exit, String message) {
        super(message);
        this.code = code;
        this.exit = exit;
    }

    public SubmitException(String code, int exit, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.exit = exit;
    }

    public String code() {
        return code;
    }

    public int exit() {
        return exit;
    }
}
