package io.weft.runner.input;

import java.io.IOException;
import java.util.Objects;

/** An input that cannot be read. */
public final class InputException extends IOException {
    /** The file is missing. */
    public static final String MISSING = "E02";
    /** The file may not be read. */
    public static final String REFUSED = "E16";
    /** The file's content is damaged. */
    public static final String DAMAGED = "E21";
    /** A class that the program names cannot be used. */
    public static final String UNUSABLE = "E17";
    /** The file system failed; a retry may help. */
    public static final String FAILED = "";

    private static final long serialVersionUID = 1L;

    private final String code;
    private final String path;
    private final long offset;

    /**
     * @param code catalogue id, or {@link #FAILED}
     * @param message one sentence in the user's words; holds path and offset already
     * @param offset byte of the file as stored, or of its text where it is compressed
     */
    public InputException(String code, String message, String path, long offset, Throwable cause) {
        super(message, cause);
        this.code = Objects.requireNonNull(code, "code is null");
        this.path = Objects.requireNonNull(path, "path is null");
        this.offset = offset;
    }

    public InputException(String code, String message, String path, long offset) {
        this(code, message, path, offset, null);
    }

    public String code() {
        return code;
    }

    public String path() {
        return path;
    }

    public long offset() {
        return offset;
    }

    /** Whether another attempt, perhaps elsewhere, may succeed. */
    public boolean retryable() {
        return code.isEmpty();
    }
}
