package io.weft.runner.worker;

import java.util.List;

/** Takes lines that a worker printed, in order, without their ends; {@code error}: on standard error. May be slow: the worker waits. */
@FunctionalInterface
public interface PrintedLines {
    void accept(boolean error, List<String> lines);
}
