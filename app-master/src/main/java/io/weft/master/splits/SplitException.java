package io.weft.master.splits;

import java.io.IOException;
import java.util.Objects;

/** An input that cannot be cut into splits; the message is the user's. */
public final class SplitException extends IOException {
    /** The input is missing. */
    public static final String MISSING = "E02";
    /** The file system does not answer. */
    public static final String SILENT = "E15";
    /** The file system refuses. */
    public static final String REFUSED = "E16";
    /** A class that the program names cannot be used. */
    public static final String UNUSABLE = "E17";
    /** The file system failed. */
    public static final String FAILED = "";

    private static final long serialVersionUID = 1L;

    private final String code;

    public SplitException(String code, String message, Throwable cause) {
        super(message, cause);
        this.code = Objects.requireNonNull(code, "code is null");
    }

    /** Catalogue id, or {@link #FAILED}. */
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
