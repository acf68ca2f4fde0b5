package io.weft.master.app;

/** The application cannot start; the driver prints the message and exits with the code. */
public final class StartException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;
    private final int exit;

    /** {@code code}: of the catalogue, or "". */
    public StartException(String code, int exit, String message, Throwable cause) {
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
