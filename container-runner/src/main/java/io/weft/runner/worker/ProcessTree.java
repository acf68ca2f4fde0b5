package io.weft.runner.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Who started whom, as /proc shows it. Looks at the tree alone, not at all processes of the machine. */
final class ProcessTree {
    private static final int MAX_DEPTH = 32;

    private ProcessTree() {}

    /** The process and all its descendants, parents first; itself alone where its children cannot be read. */
    static List<Long> of(long pid) {
        List<Long> tree = new ArrayList<>();
        collect(pid, 0, tree);
        return tree;
    }

    private static void collect(long pid, int depth, List<Long> tree) {
        tree.add(pid);
        if (depth == MAX_DEPTH) {
            return;
        }
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path thread : threads) {
                String children = Files.readString(thread.resolve("children"), StandardCharsets.US_ASCII);
                for (String child : children.split(" ", -1)) {
                    if (!child.isBlank()) {
                        collect(Long.parseLong(child.strip()), depth + 1, tree);
                    }
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // it has ended meanwhile
        }
    }
}
