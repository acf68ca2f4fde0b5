package io.weft.master.app;

import io.weft.master.backend.Backend;
import io.weft.master.jobs.CachedBlocks;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.RunnerCommand;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Has persisted partitions copied to further runners, of other hosts where there are some. Owned by the loop thread. */
final class KeptCopies {
    private final Backend backend;
    private final CachedBlocks cached;
    private final Map<String, String> hosts = new LinkedHashMap<>();
    /** Which of several runners is asked next. */
    private int turn;

    KeptCopies(Backend backend, CachedBlocks cached) {
        this.backend = backend;
        this.cached = cached;
    }

    void registered(String runner, String host) {
        hosts.put(runner, host);
        ask();
    }

    void lost(String runner) {
        hosts.remove(runner);
        ask();
    }

    /** Asks for the copies that are wanted now. */
    void ask() {
        cached.takeToCopy().forEach((place, holders) -> {
            Optional<String> target = target(holders);
            if (target.isPresent()) {
                backend.send(target.get(), new RunnerCommand.CopyKept(place));
            } else {
                cached.copyLater(place);
            }
        });
    }

    void copied(MapOutput copy) {
        for (MapOutput unwanted : cached.addCopy(copy)) {
            backend.send(unwanted.runner(), new RunnerCommand.DropKept(unwanted.id()));
        }
        ask();
    }

    private Optional<String> target(Set<String> holders) {
        Set<String> near = holders.stream().map(hosts::get).collect(Collectors.toSet());
        List<String> others = hosts.keySet().stream()
                .filter(runner -> !holders.contains(runner))
                .toList();
        List<String> far = others.stream()
                .filter(runner -> !near.contains(hosts.get(runner)))
                .toList();
        List<String> best = far.isEmpty() ? others : far;
        return best.isEmpty() ? Optional.empty() : Optional.of(best.get(turn++ % best.size()));
    }
}
