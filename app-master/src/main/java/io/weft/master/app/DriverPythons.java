package io.weft.master.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Asks an interpreter what it is, as the driver's own start line would say it. */
final class DriverPythons {
    private static final int ANSWER_SECONDS = 60;
    private static final String QUESTION =
            "import sys, platform; print(sys.implementation.name, platform.python_version(),"
                    + " sys.hash_info.algorithm)";

    private DriverPythons() {}

    static DriverPython ask(String python, List<String> path) throws IOException, StartException {
        Process process;
        try {
            ProcessBuilder builder = new ProcessBuilder(python, "-c", QUESTION);
            builder.environment().put("PYTHONPATH", String.join(":", path));
            process = builder.redirectErrorStream(true).start();
        } catch (IOException absent) {
            throw new StartException(
                    "E07",
                    4,
                    python + " cannot be run on this node: " + absent.getMessage()
                            + ". Set --conf weft.python, or ship an environment with --archives.",
                    absent);
        }
        process.getOutputStream().close();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (!process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        String[] words = answer.split("\\s+");
        if (words.length != 3) {
            throw new StartException("E07", 4, python + " does not work on this node: " + answer, null);
        }
        return new DriverPython(new Interpreter(words[0], words[1], words[2]), python);
    }
}
