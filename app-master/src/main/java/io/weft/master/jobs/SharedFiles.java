package io.weft.master.jobs;

import java.util.ArrayList;
import java.util.List;

/** Names of addPyFile files, in the order added: every task puts them on {@code sys.path}. Any thread. */
public final class SharedFiles {
    private final List<String> onPath = new ArrayList<>();

    public synchronized void addToPath(String name) {
        if (!onPath.contains(name)) {
            onPath.add(name);
        }
    }

    public synchronized List<String> onPath() {
        return List.copyOf(onPath);
    }
}
