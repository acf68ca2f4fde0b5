package io.weft.runner.task;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.weft.runner.worker.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What faulthandler wrote on a worker's standard error when a signal killed it.
 *
 * @param frames the thread's Python frames, innermost first, without those of Weft
 * @param text all of it, one string
 */
record FaultReport(List<Line> frames, String text) {
    private static final Pattern FRAME = Pattern.compile("\\s*File \"(.*)\", line (\\d+) in (.*)");
    private static final Pattern WEFT = Pattern.compile(".*[/\\\\]weft[/\\\\]_(worker|ops)[/\\\\].*|<weft.*");
    private static final int MAX_FRAMES = 50;

    /** One Python frame. */
    record Line(String file, int line, String name) {
        /** {@code etl.py:61 in decode}. */
        @Override
        public String toString() {
            return file.substring(file.lastIndexOf('/') + 1) + ":" + line + " in " + name;
        }
    }

    FaultReport {
        frames = List.copyOf(frames);
    }

    /** Reads the last report in {@code errorLines}; no frames when there is none. */
    static FaultReport in(List<String> errorLines) {
        int start = -1;
        for (int i = 0; i < errorLines.size(); i++) {
            if (errorLines.get(i).startsWith("Fatal Python error")
                    || errorLines.get(i).startsWith("Current thread")) {
                start = start >= 0 && errorLines.get(i).startsWith("Current") ? start : i;
            }
        }
        if (start < 0) {
            return new FaultReport(List.of(), "");
        }
        List<Line> frames = new ArrayList<>();
        boolean inThread = false;
        for (String line : errorLines.subList(start, errorLines.size())) {
            Matcher frame = FRAME.matcher(line);
            if (line.startsWith("Current thread")) {
                inThread = true;
            } else if (inThread && !frame.matches()) {
                break;
            } else if (inThread
                    && frames.size() < MAX_FRAMES
                    && !WEFT.matcher(frame.group(1)).matches()) {
                frames.add(new Line(frame.group(1), Integer.parseInt(frame.group(2)), frame.group(3)));
            }
        }
        return new FaultReport(frames, String.join("\n", errorLines.subList(start, errorLines.size())));
    }

    /** The innermost frame. */
    Optional<Line> last() {
        return frames.isEmpty() ? Optional.empty() : Optional.of(frames.get(0));
    }

    /** The frames in the form of a worker's ERROR object: outermost first. */
    ArrayNode framesJson() {
        ArrayNode array = Json.object().putArray("frames");
        for (int i = frames.size() - 1; i >= 0; i--) {
            Line frame = frames.get(i);
            array.addObject()
                    .put("file", frame.file())
                    .put("line", frame.line())
                    .put("name", frame.name())
                    .put("text", "");
        }
        return array;
    }
}
