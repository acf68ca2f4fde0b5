package io.weft.master.app;

import io.weft.master.gateway.StartLine;
import io.weft.master.jobs.Json;
import io.weft.master.jobs.Stacks;
import io.weft.runner.container.Logging;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * The gateway process of local modes: reads one JSON line from standard input, answers with one on standard output, and lives until
 * standard input ends, the driver calls stop, or it is told to terminate. See gateway/DATASOCKET.md.
 */
public final class GatewayMain {
    private static final int MAX_LINE_BYTES = 16 << 20;

    private GatewayMain() {}

    public static void main(String[] arguments) throws InterruptedException {
        Logging.hold();
        Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
        PrintStream answers = System.out;
        System.setOut(System.err);
        Thread.setDefaultUncaughtExceptionHandler(GatewayMain::tellDefect);
        CountDownLatch stop = new CountDownLatch(1);
        LocalSession session;
        try {
            session = LocalSession.start(StartLine.parse(readLine(System.in)), stop::countDown);
        } catch (StartException refused) {
            answer(answers, error(refused.code(), refused.exit(), refused.getMessage()));
            System.exit(refused.exit());
            return;
        } catch (IOException | RuntimeException failed) {
            answer(answers, error("", 7, "Weft's gateway cannot start: " + Stacks.message(failed)));
            if (System.getenv("WEFT_VERBOSE") != null) {
                System.err.println(Stacks.text(failed));
            }
            System.exit(7);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(session::close, "weft-shutdown"));
        answer(answers, session.answer());
        awaitEndOfInput(stop);
        stop.await();
        session.close();
        System.exit(0);
    }

    /** One line for people; the stack for those who asked for it. */
    private static void tellDefect(Thread thread, Throwable defect) {
        System.err.println("weft: thread " + thread.getName() + " of the gateway failed: " + Stacks.message(defect));
        if (System.getenv("WEFT_VERBOSE") != null) {
            System.err.println(Stacks.text(defect));
        }
    }

    private static void awaitEndOfInput(CountDownLatch stop) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            // nothing is said here after the first line; only the end matters
                        }
                    } catch (IOException broken) {
                        // as good as the end
                    }
                    stop.countDown();
                },
                "weft-stdin");
        thread.setDaemon(true);
        thread.start();
    }

    private static String readLine(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("standard input ended before the start line");
            }
            if (line.size() == MAX_LINE_BYTES) {
                throw new IOException("the start line is longer than " + MAX_LINE_BYTES + " bytes");
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    private static Map<String, Object> error(String code, int exit, String message) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", code);
        error.put("exit", exit);
        error.put("message", message);
        return Map.of("error", error);
    }

    private static void answer(PrintStream answers, Map<String, Object> json) {
        byte[] line = (Json.text(json) + "\n").getBytes(StandardCharsets.UTF_8);
        answers.write(line, 0, line.length);
        answers.flush();
    }
}
