package io.weft.master.app;

import io.weft.runner.protocol.HadoopChanges;
import io.weft.runner.protocol.RunnerCommand;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Which runners have been told which changes of Hadoop's configuration, each once. Owned by the loop thread. */
final class ToldHadoop {
    private final Map<String, TreeSet<Integer>> told = new HashMap<>();

    /**
     * What a runner must be told before it is given a task of a job that began with these changes. It forgets at the same time those
     * that no running job has: {@code needed} are all that have.
     */
    Optional<RunnerCommand> missing(String runner, HadoopChanges changes, Set<Integer> needed) {
        if (changes.version() == 0) {
            return Optional.empty();
        }
        TreeSet<Integer> known = told.computeIfAbsent(runner, any -> new TreeSet<>());
        if (known.contains(changes.version())) {
            return Optional.empty();
        }
        List<Integer> obsolete =
                known.stream().filter(version -> !needed.contains(version)).toList();
        obsolete.forEach(known::remove);
        known.add(changes.version());
        return Optional.of(new RunnerCommand.HadoopSettings(changes, obsolete));
    }

    void runnerLost(String runner) {
        told.remove(runner);
    }
}
