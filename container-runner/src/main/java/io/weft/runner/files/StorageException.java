package io.weft.runner.files;

import java.io.IOException;

/** The file system failed, not the connection to Python: the request fails, and the connection serves on. */
final class StorageException extends IOException {
    private static final long serialVersionUID = 1L;

    StorageException(IOException cause) {
        super(cause);
    }

    @Override
    public synchronized IOException getCause() {
        return (IOException) super.getCause();
    }
}
