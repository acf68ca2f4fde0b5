package io.weft.runner.worker;

import java.io.Closeable;
import java.io.IOException;

/** Closes what is of no use any more; that it fails changes nothing. */
final class Quiet {
    private Quiet() {}

    static void run(Closeable action) {
        try {
            action.close();
        } catch (IOException e) {
            // whatever it was, it is gone
        }
    }
}
