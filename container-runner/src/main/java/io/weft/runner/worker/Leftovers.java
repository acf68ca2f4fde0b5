package io.weft.runner.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * Finds processes that user code has started and that have outlived their worker. Their parents are gone, but their environment
 * still tells where they come from: {@link #POOL} names the runner's workers, {@link #WORKER} the pid of the one.
 */
final class Leftovers {
    /** Environment variable with the pool's mark, set for the fork server. */
    static final String POOL = "WEFT_POOL";

    /** Environment variable with the fork server's own mark, by which its sentinel finds what is left of it. */
    static final String SERVER = "WEFT_SERVER";

    /** Environment variable with the worker's pid, which each worker sets for what it starts. */
    static final String WORKER = "WEFT_WORKER";

    private record Marked(ProcessHandle process, long worker) {}

    private Leftovers() {}

    /**
     * Kills all processes with this mark that no living worker has started.
     *
     * @param server pid of the living fork server, 0 when there is none: it and all below it stay; asked after the search, so
     *     that one which starts meanwhile is kept
     * @param isLiving whether a worker of this pid lives
     */
    static void kill(String mark, LongSupplier server, LongPredicate isLiving) {
        List<Marked> marked = marked(mark);
        long root = server.getAsLong();
        Set<Long> kept = root == 0 ? Set.of() : new HashSet<>(ProcessTree.of(root));
        for (Marked one : marked) {
            if (!kept.contains(one.process().pid()) && !isLiving.test(one.worker())) {
                one.process().destroyForcibly();
            }
        }
    }

    private static List<Marked> marked(String mark) {
        List<Marked> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                long pid = Long.parseLong(process.getFileName().toString());
                Optional<ProcessHandle> handle = ProcessHandle.of(pid);
                String environment = environment(process);
                if (handle.isPresent() && value(environment, POOL).equals(mark)) {
                    found.add(new Marked(handle.get(), number(value(environment, WORKER))));
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // without /proc there is nothing to be found
        }
        return found;
    }

    /** Each variable between zero bytes; empty when it cannot be read: another user's process, or one that has ended. */
    private static String environment(Path process) {
        try {
            return "\0" + Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private static String value(String environment, String name) {
        int at = environment.indexOf("\0" + name + "=");
        if (at < 0) {
            return "";
        }
        int start = at + name.length() + 2;
        int end = environment.indexOf('\0', start);
        return environment.substring(start, end < 0 ? environment.length() : end);
    }

    private static long number(String text) {
        return text.matches("[0-9]{1,9}") ? Long.parseLong(text) : 0;
    }
}
