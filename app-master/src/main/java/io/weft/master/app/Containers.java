package io.weft.master.app;

import io.weft.master.config.AppSettings;
import io.weft.master.config.ProfileRequest;
import io.weft.master.jobs.JobException;
import io.weft.master.stages.Profiles;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Has the application's containers be as its program says, which starts when some have been asked for. */
interface Containers {
    /**
     * What the application is like then.
     *
     * @param allocation how many runners there are, where that follows the work
     * @param cores of all containers of the start
     * @param coresOfEach container
     */
    record Fitted(AppSettings settings, Optional<Allocation> allocation, int cores, int coresOfEach) {
        /** What the driver is told of numbers of partitions, and of processors. */
        Map<String, Integer> numbers() {
            return Map.of(
                    "parallelism", settings.parallelism().orElse(Math.max(2, cores)),
                    "shufflePartitions", settings.parallelism().orElse(0),
                    "executorCores", coresOfEach);
        }
    }

    /**
     * Takes settings that the program has made, and asks for other containers if they say other sizes.
     *
     * @param started a job has, so that containers stay as they are
     * @throws JobException if one is wrong (E17), or no container of the cluster is that large (E11); nothing has changed then
     */
    Fitted fit(Map<String, String> program, boolean started) throws JobException;

    /** Who hears how runners of a profile follow its work. Before any is asked for. */
    void tell(BiConsumer<Integer, Allocation> follows);

    /** The profiles that the program has asked for so far. */
    Profiles profiles();

    /**
     * Has runners of a profile come when a stage needs them.
     *
     * @param profile its number in the program
     * @return the number under which it is known here
     * @throws JobException if no container can be so (E11, E17)
     */
    int ask(int profile, ProfileRequest request) throws JobException;

    /** Whether containers of these settings would be others than those that there are. */
    boolean differ(Map<String, String> program);
}
