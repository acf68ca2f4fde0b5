package io.weft.master.app;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Every event that went into the scheduler and every action that came out, a line each, so that a run can be read and replayed:
 * {@code millis > event}, {@code millis < action}, {@code millis # remark}. The loop thread hands the records over, a thread of the
 * log's own words and writes them, from a second after the start on, since wording records for the first time is slow. A log that
 * cannot be written is given up, and the application goes on. A log that is not kept has at most its newest {@link #MAX_PART_BYTES}, and
 * as many before them in a file beside it, so that a long session does not fill the disk.
 */
final class EventLog implements AutoCloseable {
    private static final int MAX_LINE_CHARACTERS = 4_096;
    private static final int BUFFER_CHARACTERS = 32_768;
    private static final int WAITING_LINES = 8_192;
    private static final long START_MILLIS = 1_000;
    static final long MAX_PART_BYTES = 4L << 20;

    private record Line(long millis, char direction, Object what) {}

    private static final Line END = new Line(0, ' ', "");

    private final ArrayBlockingQueue<Line> waiting = new ArrayBlockingQueue<>(WAITING_LINES);
    private final Path file;
    private final boolean kept;
    /** The part being written; owned by the writer. */
    private BufferedWriter out;

    private long partBytes;
    private volatile boolean closing;
    private final Thread writer = new Thread(this::write, "weft-event-log");

    /** {@code kept}: the file stays when the application ends; else what was not written by then is dropped. */
    EventLog(Path file, boolean kept) throws IOException {
        this.file = file;
        this.kept = kept;
        out = open(file);
        writer.setDaemon(true);
        writer.start();
    }

    private static BufferedWriter open(Path file) throws IOException {
        return new BufferedWriter(Files.newBufferedWriter(file, StandardCharsets.UTF_8), BUFFER_CHARACTERS);
    }

    void event(long nowMillis, Object event) {
        add(new Line(nowMillis, '>', event));
    }

    void action(long nowMillis, Object action) {
        add(new Line(nowMillis, '<', action));
    }

    void note(long nowMillis, String text) {
        add(new Line(nowMillis, '#', text));
    }

    /** Waits while {@link #WAITING_LINES} wait, which the writer soon ends. */
    private void add(Line line) {
        try {
            waiting.put(line);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        boolean failed = false;
        try {
            awaitStart();
            Line line = waiting.take();
            while (line != END) {
                failed = failed || !append(line);
                line = waiting.poll();
                if (line == null) {
                    failed = failed || !flush();
                    line = waiting.take();
                }
            }
            out.close();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } catch (IOException full) {
            // the rest is lost, as said above
        }
    }

    /** Leaves the processors to the application's start, unless many lines wait already. */
    private void awaitStart() throws InterruptedException {
        long end = System.nanoTime() + START_MILLIS * 1_000_000;
        while (System.nanoTime() < end && !closing && waiting.remainingCapacity() > WAITING_LINES / 2) {
            Thread.sleep(20);
        }
    }

    private boolean append(Line line) {
        String text = line.what().toString().replace('\n', ' ');
        String whole = line.millis() + " " + line.direction() + " "
                + text.substring(0, Math.min(text.length(), MAX_LINE_CHARACTERS)) + "\n";
        try {
            out.append(whole);
            partBytes += whole.length();
            if (!kept && partBytes > MAX_PART_BYTES) {
                beginPart();
            }
            return true;
        } catch (IOException full) {
            return false;
        }
    }

    private void beginPart() throws IOException {
        out.close();
        Files.move(file, file.resolveSibling(file.getFileName() + ".before"), StandardCopyOption.REPLACE_EXISTING);
        out = open(file);
        partBytes = 0;
    }

    private boolean flush() {
        try {
            out.flush();
            return true;
        } catch (IOException full) {
            return false;
        }
    }

    /** Writes what waits if the file is kept, at most for two seconds. */
    @Override
    public void close() {
        closing = true;
        if (!kept) {
            waiting.clear();
        }
        add(END);
        try {
            writer.join(2_000);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }
}
