package io.weft.runner.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory of processes as /proc shows it; 0 where it cannot be read, as of a process that has gone. */
public final class ProcessMemory {
    private ProcessMemory() {}

    /** Sum of the RSS of a process and all its descendants in bytes, the way a NodeManager counts. */
    public static long treeBytes(long pid) {
        return ProcessTree.of(pid).stream()
                .mapToLong(one -> statusBytes(one, "VmRSS:"))
                .sum();
    }

    /** The part of {@link #treeBytes} that are pages of mapped files: they count for each process, and exist once. */
    public static long mappedBytes(long pid) {
        return ProcessTree.of(pid).stream()
                .mapToLong(one -> statusBytes(one, "RssFile:"))
                .sum();
    }

    /** Peak RSS of one process in bytes. */
    public static long peakBytes(long pid) {
        return statusBytes(pid, "VmHWM:");
    }

    private static long statusBytes(long pid, String field) {
        try {
            String status =
                    Files.readString(Path.of("/proc", Long.toString(pid), "status"), StandardCharsets.ISO_8859_1);
            int at = status.indexOf(field);
            if (at < 0) {
                return 0;
            }
            String rest = status.substring(at + field.length(), status.indexOf('\n', at))
                    .strip();
            return Long.parseLong(rest.substring(0, rest.indexOf(' '))) * 1024;
        } catch (IOException e) {
            return 0;
        }
    }
}
