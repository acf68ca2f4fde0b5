package io.weft.runner.worker;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;

/** What one worker prints. Lines go to whoever attached last: a task, which keeps late lines until the next task begins. */
final class WorkerOutput {
    private static final int TAIL_LINES = 200;
    private static final int TAIL_CHARACTERS = 64 * 1024;

    /** How faulthandler's account of a signal begins; what follows is its, since the worker dies of it. */
    private static final Pattern FAULT = Pattern.compile("Fatal Python error: .*|Weft fault: .*");

    private final OutputPump.Source standard;
    private final OutputPump.Source error;
    private final Object lock = new Object();

    /** Last lines of standard error since the last attach; guarded by {@link #lock}, as all below. */
    private final Deque<String> tail = new ArrayDeque<>();

    private int tailCharacters;
    private PrintedLines listener;

    /** The worker is dying of a signal: the task's failure tells of it, so that people need not read this account. */
    private boolean faulted;

    WorkerOutput(OutputPump pump, SocketChannel standardOutput, SocketChannel standardError, PrintedLines first)
            throws IOException {
        this.listener = first;
        this.standard = pump.add(standardOutput, lines -> deliver(false, lines));
        this.error = pump.add(standardError, lines -> deliver(true, lines));
    }

    void attach(PrintedLines next) {
        drain();
        synchronized (lock) {
            listener = next;
            tail.clear();
            tailCharacters = 0;
        }
    }

    /** All that the worker has written so far has been delivered when this returns. */
    void drain() {
        standard.drain();
        error.drain();
    }

    void close() {
        standard.close();
        error.close();
    }

    /** The last lines of standard error of this task: at most 200, and 64 Ki characters. */
    List<String> errorTail() {
        synchronized (lock) {
            return List.copyOf(tail);
        }
    }

    private void deliver(boolean isError, List<String> lines) {
        PrintedLines receiver;
        List<String> forPeople = lines;
        synchronized (lock) {
            receiver = listener;
            if (isError) {
                forPeople = lines.stream().filter(this::isForPeople).toList();
                lines.forEach(this::remember);
            }
        }
        if (!forPeople.isEmpty()) {
            receiver.accept(isError, forPeople);
        }
    }

    private boolean isForPeople(String line) {
        faulted |= FAULT.matcher(line).matches();
        return !faulted;
    }

    private void remember(String line) {
        tail.add(line);
        tailCharacters += line.length();
        while (tail.size() > TAIL_LINES || tailCharacters > TAIL_CHARACTERS) {
            tailCharacters -= tail.remove().length();
        }
    }
}
