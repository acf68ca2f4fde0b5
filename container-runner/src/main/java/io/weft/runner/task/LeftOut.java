package io.weft.runner.task;

import io.weft.runner.input.Damage;
import io.weft.runner.input.InputException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The damaged files whose rest a task has left out, as far as it may. Any thread. */
final class LeftOut implements Damage {
    /** Files that are named; a task that meets more fails, as its report must stay small. */
    private static final int MOST = 10_000;

    private final boolean allowed;
    /** By path, what is wrong. */
    private final Map<String, String> files = new LinkedHashMap<>();

    LeftOut(boolean allowed) {
        this.allowed = allowed;
    }

    @Override
    public synchronized boolean isLeftOut(InputException damaged) {
        if (!allowed || files.size() == MOST) {
            return false;
        }
        String firstLine =
                String.valueOf(damaged.getMessage()).lines().findFirst().orElse("");
        files.putIfAbsent(damaged.path(), firstLine);
        return true;
    }

    synchronized Map<String, String> files() {
        return new LinkedHashMap<>(files);
    }
}
