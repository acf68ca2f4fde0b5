package io.weft.master.gateway;

/** Types and limits of the data socket's frames; see DATASOCKET.md. */
final class DataFrames {
    static final int AUTH = 64;
    static final int REQUEST = 65;
    static final int BYTES = 66;
    static final int FINISH = 67;
    static final int PARTITION = 68;
    static final int PROGRESS = 69;
    static final int OK = 70;
    static final int FAILED = 71;
    static final int UPDATES = 72;

    static final int HEADER_BYTES = 8;
    static final int MAX_BODY_BYTES = 4 << 20;
    static final int BULK_BODY_BYTES = 1 << 20;

    private DataFrames() {}
}
