package io.weft.runner.container;

import io.weft.runner.protocol.HadoopChanges;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.task.TaskServices;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/**
 * What tasks share, by the version of Hadoop's configuration that their job began with. Holds those that the ApplicationMaster still
 * needs. For the thread of the commands.
 */
final class HadoopVersions {
    private final TaskServices plain;
    private final Supplier<Configuration> own;
    private final Map<Integer, TaskServices> changed = new HashMap<>();

    /** {@code own}: the configuration that the runner has from its start. */
    HadoopVersions(TaskServices plain, Supplier<Configuration> own) {
        this.plain = plain;
        this.own = own;
    }

    void add(RunnerCommand.HadoopSettings settings) {
        settings.obsolete().forEach(changed::remove);
        changed.put(settings.changes().version(), plain.withHadoop(new Changed(own, settings.changes())::get));
    }

    TaskServices services(int version) {
        TaskServices found = version == 0 ? plain : changed.get(version);
        if (found == null) {
            throw new ProtocolException("a task names version " + version
                    + " of Hadoop's configuration, of which this runner has not been told");
        }
        return found;
    }

    /** A configuration that is made when the first task asks. */
    private static final class Changed {
        private final Supplier<Configuration> own;
        private final HadoopChanges changes;
        private Configuration made;

        Changed(Supplier<Configuration> own, HadoopChanges changes) {
            this.own = own;
            this.changes = changes;
        }

        synchronized Configuration get() {
            if (made == null) {
                Configuration conf = new Configuration(own.get());
                changes.removed().forEach(conf::unset);
                changes.changed().forEach((name, value) -> conf.set(name, value, "the program"));
                made = conf;
            }
            return made;
        }
    }
}
