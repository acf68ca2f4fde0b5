package io.weft.master.app;

import java.io.PrintStream;
import java.util.List;

/** Prints what user code printed, whole lines, each with its task in front. Owned by the loop thread. */
final class PrintedLines {
    private final PrintStream out;

    PrintedLines(PrintStream out) {
        this.out = out;
    }

    /** {@code stage}: as people see it, from 1. */
    void print(int stage, int task, List<String> lines) {
        String prefix = "[stage " + stage + " task " + task + "] ";
        StringBuilder text = new StringBuilder();
        for (String line : lines) {
            text.append(prefix).append(line).append('\n');
        }
        synchronized (out) {
            out.print(text);
            out.flush();
        }
    }
}
