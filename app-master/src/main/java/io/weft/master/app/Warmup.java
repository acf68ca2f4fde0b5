package io.weft.master.app;

import io.weft.master.splits.SplitLister;
import io.weft.runner.container.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Loads what the first job needs while the driver is busy with its own start: Hadoop's classes and configuration, the plan's schema. */
final class Warmup {
    private Warmup() {}

    static void start(Application application, LocalFolders folders) {
        Thread thread = new Thread(() -> run(application, folders), "weft-warmup");
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
        thread.start();
    }

    private static void run(Application application, LocalFolders folders) {
        Logging.configure();
        application.jobs().prepare();
        Path sample = folders.main().resolve("sample.txt");
        try {
            Files.writeString(sample, "sample\n");
            new SplitLister(application.hadoop().get(), true)
                    .list(sample.toUri().toString(), 1, 0, "warm-up");
            Files.delete(sample);
        } catch (IOException | RuntimeException failed) {
            // the first job that reads a file meets the same trouble, and says so
        }
        folders.removeStale();
    }
}
