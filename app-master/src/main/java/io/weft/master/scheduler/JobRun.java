package io.weft.master.scheduler;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** A live job. */
final class JobRun {
    /** Who has fewest attempts running comes first: slots are shared fairly. */
    static final Comparator<JobRun> FAIR =
            Comparator.<JobRun>comparingInt(job -> job.running).thenComparingInt(job -> job.id);

    final int id;
    final String group;

    /** By id, parents first; the last one is the result stage. */
    final Map<Integer, StageRun> stages = new LinkedHashMap<>();

    StageRun result;

    /** It has barrier stages. */
    boolean hasGangs;

    /** Each of its tasks takes one slot, of runners that the application has anyway. */
    boolean isPlain = true;

    /** Number of its attempts that run and are not cancelled. */
    int running;

    /** By id, all and only stages that have tasks to launch now; the first one goes first. */
    final TreeMap<Integer, StageRun> launchable = new TreeMap<>();

    /** All tasks are done, the output is being committed: too late to cancel. */
    boolean committing;

    /** It is not live any more. */
    boolean ended;

    JobRun(int id, String group) {
        this.id = id;
        this.group = group;
    }

    boolean isLaunchable(StageRun stage) {
        return launchable.containsKey(stage.stage.id());
    }
}
