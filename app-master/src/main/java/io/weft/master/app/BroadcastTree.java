package io.weft.master.app;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * From whom each runner that wants a broadcast reads it: the first two from the ApplicationMaster, every other one from a runner that
 * has asked before, each of which serves two at most. A runner may be read from while it still reads. Owned by the loop thread.
 */
final class BroadcastTree {
    /** How many read from the ApplicationMaster, and from each runner. */
    static final int READERS = 2;

    /** A runner's block server; port 0: the ApplicationMaster's. */
    record Source(String host, int port) {}

    private static final Source MASTER = new Source("", 0);

    private static final class Member {
        private final Source source;
        private final Member parent;
        private int readers;
        private boolean lost;

        Member(Source source, Member parent) {
            this.source = source;
            this.parent = parent;
        }
    }

    private static final class Tree {
        private final Map<String, Member> members = new LinkedHashMap<>();

        /** Those that may serve another reader, the nearest to the root first. */
        private final Deque<Member> free = new ArrayDeque<>();

        Tree() {
            free.add(new Member(MASTER, null));
        }
    }

    private final Map<Integer, Tree> trees = new LinkedHashMap<>();

    /** Where {@code runner}, which serves blocks at {@code own}, shall read a broadcast; who asks again has failed, and reads the original. */
    Source join(int broadcast, String runner, Source own) {
        Tree tree = trees.computeIfAbsent(broadcast, id -> new Tree());
        if (tree.members.containsKey(runner)) {
            return MASTER;
        }
        while (!tree.free.isEmpty() && tree.free.peek().lost) {
            tree.free.remove();
        }
        Member parent = tree.free.peek();
        if (parent != null && ++parent.readers == READERS) {
            tree.free.remove();
        }
        Member member = new Member(own, parent);
        tree.members.put(runner, member);
        if (own.port() > 0) {
            tree.free.add(member);
        }
        return parent == null ? MASTER : parent.source;
    }

    /** A runner is gone: nobody is sent to it any more, and its own source can serve another. */
    void lost(String runner) {
        for (Tree tree : trees.values()) {
            Member member = tree.members.remove(runner);
            if (member == null) {
                continue;
            }
            member.lost = true;
            if (member.parent != null && member.parent.readers-- == READERS) {
                tree.free.addFirst(member.parent);
            }
        }
    }

    /** The broadcast was removed from all runners; whoever asks next begins a new tree. */
    void forget(int broadcast) {
        trees.remove(broadcast);
    }

    /** The runners that have asked for a broadcast, in their order. */
    List<String> members(int broadcast) {
        Tree tree = trees.get(broadcast);
        return tree == null ? List.of() : new ArrayList<>(tree.members.keySet());
    }
}
