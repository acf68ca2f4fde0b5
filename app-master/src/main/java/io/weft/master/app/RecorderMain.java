package io.weft.master.app;

import io.weft.master.submit.ClassRecorder;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The gateway of the short job that is run when the framework archive is made, in a JVM that writes an archive of the classes it has
 * loaded: those of a job, and those that only a container on YARN needs.
 */
public final class RecorderMain {
    private RecorderMain() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        ClassRecorder.record(Path.of(System.getProperty("weft.jar")));
        GatewayMain.main(arguments);
    }
}
