package io.weft.runner.task;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.weft.runner.worker.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a worker wrote on its standard error when a signal killed it: the compiled operators which library's code it was in, then
 * faulthandler the Python frames.
 *
 * @param library file of the native code that was running, or "" when it is not known
 * @param frames the thread's Python frames, innermost first, without those of Weft
 * @param text all of it, one string
 */
record FaultReport(String library, List<Line> frames, String text) {
    private static final String LIBRARY = "Weft fault: native code of ";
    private static final String MODULES = "Extension modules: ";
    private static final Pattern FRAME = Pattern.compile("\\s*File \"(.*)\", line (\\d+) in (.*)");
    private static final Pattern WEFT =
            Pattern.compile(".*[/\\\\]weft[/\\\\]_[a-z]+([/\\\\].*|\\.py)|<weft.*|<frozen runpy>");
    private static final Pattern INSTALLED = Pattern.compile(".*/(?:site-packages|dist-packages|lib-dynload)/(.*)");
    private static final Pattern STANDARD = Pattern.compile(".*/lib(?:64)?/python3\\.\\d+/.*|<frozen.*");
    private static final int MAX_FRAMES = 50;
    private static final int MAX_MODULES = 6;

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
            String line = errorLines.get(i);
            boolean goesOn = line.startsWith("Fatal Python error") && start == i - 1
                    || line.startsWith("Current thread") && start >= 0;
            if (!goesOn
                    && (line.startsWith(LIBRARY)
                            || line.startsWith("Fatal Python error")
                            || line.startsWith("Current thread"))) {
                start = i;
            }
        }
        if (start < 0) {
            return new FaultReport("", List.of(), "");
        }
        String first = errorLines.get(start);
        String library = first.startsWith(LIBRARY) ? first.substring(LIBRARY.length()) : "";
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
        return new FaultReport(library, frames, String.join("\n", errorLines.subList(start, errorLines.size())));
    }

    /** The innermost frame of the user's, where there is one: not one of Python's own library. */
    Optional<Line> last() {
        Optional<Line> theirs = frames.stream()
                .filter(frame -> INSTALLED.matcher(frame.file()).matches()
                        || !STANDARD.matcher(frame.file()).matches())
                .findFirst();
        return theirs.isPresent() ? theirs : frames.stream().findFirst();
    }

    /** {@code  in numpy/_core/_multiarray_umath (native code)}; which native modules were loaded where no more is known; or "". */
    String culprit() {
        if (!library.isEmpty()) {
            return " in " + name(library) + " (native code)";
        }
        List<String> loaded = text.lines()
                .filter(line -> line.startsWith(MODULES))
                .flatMap(line -> Stream.of(line.substring(MODULES.length())
                        .replaceAll(" \\(total: \\d+\\)$", "")
                        .split(", ")))
                .filter(module -> !module.startsWith("weft."))
                .toList();
        if (loaded.isEmpty()) {
            return "";
        }
        String more = loaded.size() > MAX_MODULES ? ", …" : "";
        return " (native modules loaded: " + String.join(", ", loaded.subList(0, Math.min(MAX_MODULES, loaded.size())))
                + more + ")";
    }

    /** A library as people import it: its path in the package folder, without what follows the name's first dot. */
    private static String name(String library) {
        Matcher installed = INSTALLED.matcher(library);
        String path = installed.matches() ? installed.group(1) : library.substring(library.lastIndexOf('/') + 1);
        int dot = path.indexOf('.', path.lastIndexOf('/') + 1);
        return dot < 0 ? path : path.substring(0, dot);
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
