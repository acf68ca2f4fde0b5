package io.weft.runner.protocol;

/** A peer sent what the protocol does not allow; a defect of ours or a stranger, never the user's fault. */
public final class ProtocolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProtocolException(String message) {
        super(message);
    }

    public ProtocolException(String message, Throwable cause) {
        super(message, cause);
    }
}
