package io.weft.master.app;

import io.weft.master.backend.Backend;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.protocol.RunnerEvent;
import java.util.function.ToLongFunction;

/** Answers runners that want a broadcast, and has it removed from them. Owned by the loop thread. */
final class Broadcasts {
    private final Backend backend;
    private final ToLongFunction<String> lengths;
    private final BroadcastTree tree = new BroadcastTree();

    /** {@code lengths}: of the ApplicationMaster's blocks, -1 for none. */
    Broadcasts(Backend backend, ToLongFunction<String> lengths) {
        this.backend = backend;
        this.lengths = lengths;
    }

    void wanted(String runner, RunnerEvent.BroadcastWanted wanted) {
        long length = lengths.applyAsLong(RunnerCommand.BroadcastFrom.block(wanted.broadcast()));
        BroadcastTree.Source source = length < 0
                ? new BroadcastTree.Source("", 0)
                : tree.join(wanted.broadcast(), runner, new BroadcastTree.Source(wanted.host(), wanted.blockPort()));
        backend.send(runner, new RunnerCommand.BroadcastFrom(wanted.broadcast(), length, source.host(), source.port()));
    }

    /** Has the runners that have it remove it; others on their nodes share their file. */
    void forget(int broadcast) {
        for (String runner : tree.members(broadcast)) {
            backend.send(runner, new RunnerCommand.DropBroadcast(broadcast));
        }
        tree.forget(broadcast);
    }

    void runnerLost(String runner) {
        tree.lost(runner);
    }
}
