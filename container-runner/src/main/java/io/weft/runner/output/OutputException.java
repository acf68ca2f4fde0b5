package io.weft.runner.output;

import java.io.IOException;
import java.util.Objects;

/** An output that cannot be written. */
public final class OutputException extends IOException {
    /** The output exists. */
    public static final String EXISTS = "E03";
    /** The file system does not answer. */
    public static final String SILENT = "E15";
    /** The file system refuses. */
    public static final String REFUSED = "E16";
    /** A class that the program names cannot be used, or does not take the program's records. */
    public static final String UNUSABLE = "E17";
    /** The file system failed; a retry may help. */
    public static final String FAILED = "";

    private static final long serialVersionUID = 1L;

    private final String code;

    /** {@code code} is a catalogue id or {@link #FAILED}; {@code message} speaks to the user. */
    public OutputException(String code, String message, Throwable cause) {
        super(Staging.shown(message), cause);
        this.code = Objects.requireNonNull(code, "code is null");
    }

    public String code() {
        return code;
    }

    /** What a script ends with that meets this, by the catalogue. */
    public int exitCode() {
        if (code.equals(SILENT)) {
            return 5;
        }
        if (code.equals(UNUSABLE)) {
            return 2;
        }
        return code.isEmpty() ? 7 : 3;
    }
}
