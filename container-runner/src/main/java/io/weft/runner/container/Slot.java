package io.weft.runner.container;

import io.weft.runner.task.TaskRun;
import io.weft.runner.worker.WorkerPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/** One slot's thread: runs the attempts launched on it, one after the other. */
final class Slot {
    private final int number;
    private final WorkerPool workers;
    private final Consumer<TaskRun> over;
    private final LinkedBlockingQueue<TaskRun> queue = new LinkedBlockingQueue<>();
    private final Thread thread;

    /** {@code over} hears of each attempt after its end was reported. */
    Slot(int number, WorkerPool workers, Consumer<TaskRun> over) {
        this.number = number;
        this.workers = workers;
        this.over = over;
        this.thread = new Thread(this::runUntilClosed, "weft-slot-" + number);
        thread.setDaemon(true);
        thread.start();
    }

    void launch(TaskRun run) {
        queue.add(run);
    }

    /** Ends the thread, also in the midst of an attempt; waits for it at most {@code millis}. */
    void close(long millis) {
        thread.interrupt();
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void runUntilClosed() {
        try {
            while (true) {
                TaskRun run = queue.take();
                try {
                    run.execute(workers, number);
                } finally {
                    over.accept(run);
                }
            }
        } catch (InterruptedException e) {
            // closed: the end of this thread
        }
    }
}
