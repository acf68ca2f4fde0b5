package io.weft.runner.worker;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How Python is started.
 *
 * @param slots how many workers, one a slot
 * @param socketFolder folder of mode 0700 for the socket; relative where its absolute path is too long for a socket
 * @param python the interpreter
 * @param pythonPath what stands first on PYTHONPATH, {@code weft} itself included
 * @param environment added to this process's own
 * @param reuse a worker runs one task after another; else each has a process of its own
 */
public record WorkerSettings(
        String application,
        int slots,
        Path socketFolder,
        String python,
        List<String> pythonPath,
        Map<String, String> environment,
        boolean reuse) {
    public WorkerSettings {
        Objects.requireNonNull(application, "application is null");
        Objects.requireNonNull(socketFolder, "socketFolder is null");
        Objects.requireNonNull(python, "python is null");
        pythonPath = List.copyOf(pythonPath);
        environment = Map.copyOf(environment);
        if (slots < 1) {
            throw new IllegalArgumentException(slots + " slots");
        }
    }
}
