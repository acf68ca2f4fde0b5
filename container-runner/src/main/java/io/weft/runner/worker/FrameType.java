package io.weft.runner.worker;

import java.util.Optional;

/** The frames of PROTOCOL.md, with their numbers. */
public enum FrameType {
    TASK(1),
    DATA(2),
    END(3),
    LOCAL(4),
    FAIL(5),
    BLOB(6),
    SHUTDOWN(7),
    BROADCAST(8),
    FILES(9),
    PASSED(10),
    HELLO(16),
    OPEN(17),
    CREDIT(18),
    CLOSE(19),
    NEED(20),
    RESULT(21),
    OUTPUT(22),
    DONE(23),
    ERROR(24),
    STEP(25),
    LOOKUP(26),
    PART(27),
    REJECTS(28),
    BARRIER(29);

    private static final int FIRST_OF_WORKER = 16;
    private static final FrameType[] BY_CODE = byCode();

    private final byte code;

    FrameType(int code) {
        this.code = (byte) code;
    }

    public byte code() {
        return code;
    }

    /** Whether a worker, rather than the runner, sends it. */
    public boolean isFromWorker() {
        return code >= FIRST_OF_WORKER;
    }

    /** The type numbered {@code code} (unsigned), if there is one. */
    public static Optional<FrameType> of(int code) {
        return code >= 0 && code < BY_CODE.length ? Optional.ofNullable(BY_CODE[code]) : Optional.empty();
    }

    private static FrameType[] byCode() {
        FrameType[] types = new FrameType[BARRIER.code + 1];
        for (FrameType type : values()) {
            types[type.code] = type;
        }
        return types;
    }
}
