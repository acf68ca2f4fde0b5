package io.weft.runner.task;

import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/**
 * What all tasks of a runner share.
 *
 * @param sealKey by which workers seal what they write to local disks, hexadecimal; "" for none
 * @param feeders runs each input that is open on a thread of its own
 */
public record TaskServices(
        String application,
        TaskFolders folders,
        InputOpener inputs,
        Sinks sinks,
        MemoryWatch memory,
        TaskReports reports,
        Executor feeders,
        String sealKey) {
    /** The same with another configuration of Hadoop's. */
    public TaskServices withHadoop(Supplier<Configuration> hadoop) {
        return new TaskServices(
                application,
                folders,
                inputs.withHadoop(hadoop),
                sinks.withHadoop(hadoop),
                memory,
                reports,
                feeders,
                sealKey);
    }
}
