package io.weft.master.scheduler;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The tasks of one stage that wait for a slot, found by host in constant time. Queues may hold tasks that are not pending any more, and
 * tasks twice; whoever takes one skips those.
 */
final class PendingTasks {
    /** By task, hosts it prefers. */
    private final List<List<String>> hosts;

    /** All and only tasks that wait for a slot. */
    private final BitSet pending = new BitSet();

    private int count;

    /** Has all pending tasks. */
    private final IntQueue all = new IntQueue();

    /** Has all pending tasks that prefer no host. */
    private final IntQueue carefree = new IntQueue();

    /** Has all pending tasks that prefer hosts, none of which is alive. */
    private final IntQueue orphans = new IntQueue();

    /** By host, has all pending tasks that prefer it. */
    private final Map<String, IntQueue> byHost = new LinkedHashMap<>();

    PendingTasks(List<List<String>> hosts) {
        this.hosts = hosts;
    }

    int count() {
        return count;
    }

    boolean contains(int task) {
        return pending.get(task);
    }

    /**
     * Lets a task wait.
     *
     * @param avoided host that is not preferred this time, since the task just failed there; "" for none
     * @return hosts that it prefers now
     */
    List<String> add(int task, String avoided, Predicate<String> alive) {
        List<String> wanted = hosts.get(task);
        if (wanted.contains(avoided)) {
            wanted = wanted.stream().filter(host -> !host.equals(avoided)).toList();
        }
        pending.set(task);
        count++;
        all.addLast(task);
        if (wanted.isEmpty()) {
            carefree.addLast(task);
            return wanted;
        }
        for (String host : wanted) {
            byHost.computeIfAbsent(host, name -> new IntQueue()).addLast(task);
        }
        if (wanted.stream().noneMatch(alive)) {
            orphans.addLast(task);
        }
        return wanted;
    }

    /** Takes this very task, which must wait. */
    void take(int task) {
        if (!pending.get(task)) {
            throw new IllegalStateException("task " + task + " does not wait for a slot");
        }
        pending.clear(task);
        count--;
    }

    /** Takes a task that prefers this host, or -1. */
    int takeFor(String host) {
        IntQueue queue = byHost.get(host);
        return queue == null ? -1 : takeFrom(queue);
    }

    /** Takes a task that prefers no host, or -1. */
    int takeCarefree() {
        return takeFrom(carefree);
    }

    /** Takes a task none of whose hosts is alive, or -1. */
    int takeOrphan(Predicate<String> alive) {
        while (orphans.size() > 0) {
            int task = orphans.pollFirst();
            if (pending.get(task) && hosts.get(task).stream().noneMatch(alive)) {
                take(task);
                return task;
            }
        }
        return -1;
    }

    /** Takes any task, or -1. */
    int takeAny() {
        return takeFrom(all);
    }

    /** A host has no runner any more: tasks that preferred it alone need not wait for it. */
    void hostLost(String host, Predicate<String> alive) {
        IntQueue queue = byHost.get(host);
        for (int i = 0; queue != null && i < queue.size(); i++) {
            int task = queue.at(i);
            if (pending.get(task) && hosts.get(task).stream().noneMatch(alive)) {
                orphans.addLast(task);
            }
        }
    }

    /** Adds to each host how many tasks would like to run there; may count some that run already. */
    void countByHost(Map<String, Integer> counts) {
        byHost.forEach((host, queue) -> {
            if (queue.size() > 0) {
                counts.merge(host, queue.size(), Integer::sum);
            }
        });
    }

    private int takeFrom(IntQueue queue) {
        while (queue.size() > 0) {
            int task = queue.pollFirst();
            if (pending.get(task)) {
                take(task);
                return task;
            }
        }
        return -1;
    }

    void validate() {
        if (pending.cardinality() != count) {
            throw new IllegalStateException(
                    count + " tasks counted as waiting, but " + pending.cardinality() + " wait");
        }
    }
}
