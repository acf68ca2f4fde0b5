package io.weft.master.app;

import io.weft.runner.container.ApplicationRecord;
import io.weft.runner.container.Logging;
import io.weft.runner.container.WorkingDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Main of the ApplicationMaster's container in cluster mode: runs the gateway and the user's script as its child, and tells YARN and
 * the waiting client how the script ended.
 */
public final class YarnMain {
    /** A driver that dies by a signal may only be the first to hear that the container is ended. */
    private static final long SIGNAL_GRACE_MILLIS = 1_000;

    private YarnMain() {}

    public static void main(String[] arguments) throws Exception {
        Logging.hold();
        Logging.configure();
        AtomicBoolean terminated = new AtomicBoolean();
        ApplicationRecord record = ApplicationRecord.read(Path.of(ApplicationRecord.NAME));
        record.actAsUser();
        WorkingDirectory folder = WorkingDirectory.prepare(Path.of(""), record);
        YarnSession session = YarnSession.open(record, folder);
        Thread hook = new Thread(
                () -> {
                    terminated.set(true);
                    session.killDriver();
                },
                "weft-terminated");
        Runtime.getRuntime().addShutdownHook(hook);
        DriverResult result = run(session);
        if (result.exit() > 128) {
            Thread.sleep(SIGNAL_GRACE_MILLIS);
        }
        if (terminated.get()) {
            return;
        }
        Runtime.getRuntime().removeShutdownHook(hook);
        session.finish(result);
        System.exit(0);
    }

    private static DriverResult run(YarnSession session) throws InterruptedException {
        try {
            return session.runDriver();
        } catch (StartException refused) {
            System.err.println(refused.getMessage());
            return new DriverResult(refused.exit(), refused.getMessage(), "", java.util.List.of());
        } catch (IOException failed) {
            System.err.println("weft: the ApplicationMaster cannot start the script: " + failed.getMessage());
            return new DriverResult(7, failed.getMessage(), "", java.util.List.of());
        }
    }
}
