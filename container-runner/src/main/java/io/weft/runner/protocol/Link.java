package io.weft.runner.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The four messages of the link between a runner and the ApplicationMaster. Events and commands travel already encoded, each
 * once, numbered from 0 in their direction; whoever receives drops numbers that it has seen, so a repeated call is harmless.
 */
public sealed interface Link {
    /** First call of a runner. {@code blockPort} and {@code shufflePort} are 0 where there is none. */
    record Register(String runner, String host, int pid, int slots, int blockPort, int shufflePort) implements Link {
        public Register {
            Objects.requireNonNull(runner, "runner is null");
            Objects.requireNonNull(host, "host is null");
        }
    }

    /** Events {@code first}, {@code first + 1}, …; answered with {@link Ack}. */
    record Report(String runner, long first, List<byte[]> events) implements Link {
        public Report {
            Objects.requireNonNull(runner, "runner is null");
            events = List.copyOf(events);
        }
    }

    /** Asks for commands from number {@code next} on; answered with {@link Commands}, late if there are none. */
    record Poll(String runner, long next) implements Link {
        public Poll {
            Objects.requireNonNull(runner, "runner is null");
        }
    }

    /** Everything before {@code next} has arrived. */
    record Ack(long next) implements Link {}

    /** Commands {@code first}, {@code first + 1}, …; empty when the poll's time was over. */
    record Commands(long first, List<byte[]> commands) implements Link {
        public Commands {
            commands = List.copyOf(commands);
        }
    }

    /** The first of {@code encoded} that fit into {@code maxBytes} together, at least one: what one message carries. */
    static List<byte[]> upTo(Iterable<byte[]> encoded, long maxBytes) {
        List<byte[]> batch = new ArrayList<>();
        long bytes = 0;
        for (byte[] message : encoded) {
            if (!batch.isEmpty() && bytes + message.length > maxBytes) {
                break;
            }
            batch.add(message);
            bytes += message.length;
        }
        return batch;
    }
}
