package io.weft.master.gateway;

import io.weft.master.config.ProfileRequest;
import io.weft.master.jobs.JobException;
import io.weft.master.jobs.JobHistory;
import io.weft.master.jobs.Json;
import io.weft.master.jobs.StageProgress;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The entry point of the driver's control calls over Py4J: strings and numbers only, see DATASOCKET.md. Called by Py4J's threads; every
 * method returns at once, except {@link #addFile}, which reads the file, and {@link #makeFolder}.
 */
public final class Gateway {
    /** What the calls do; the application. */
    public interface Control {
        void cancelGroup(String group, String reason);

        void cancelAll(String reason);

        /** Cancels the running jobs that have this tag. */
        void cancelTag(String tag, String reason);

        /** What is known of jobs. */
        JobHistory history();

        /** The containers: {@code host}, {@code port}, {@code cached} bytes and {@code running} tasks of each. */
        List<Map<String, Object>> executors();

        /** How many partitions of a persisted RDD are kept. */
        int cachedPartitions(int rdd);

        /** How many of them are kept by a further runner. */
        int cachedCopies(int rdd);

        /** Makes a file known to all tasks; gives its name. Throws IllegalArgumentException with a sentence when it cannot be read. */
        String addFile(String path, boolean python);

        /** Makes an archive known to all tasks, which unpack it to a folder of this name. Throws as {@link #addFile}. */
        void addArchive(String path, String name);

        /** Makes a folder of a new name in this one; gives its path. Throws IllegalArgumentException with a sentence when it cannot. */
        String makeFolder(String path);

        void setLogLevel(String level);

        /**
         * Takes settings that the program has made, where the ApplicationMaster had started before: those of jobs, tasks, files and
         * containers. Gives {@code late}, names of those without effect, as a job has started, and {@code parallelism},
         * {@code shufflePartitions} and {@code executorCores}, as at the start.
         *
         * @throws JobException when one is wrong, or asks for what cannot be had
         */
        Map<String, Object> configure(Map<String, String> settings) throws JobException;

        /**
         * Has containers of a profile come when a stage needs them; gives the number under which it is known.
         *
         * @param number of the profile in the program
         * @throws JobException when no container can be so
         */
        int profile(int number, ProfileRequest request) throws JobException;

        /** Hadoop's configuration, which programs written for PySpark read and change. */
        Object hadoopConfiguration();

        /** Begins to end the process. */
        void stop();
    }

    private final Control control;

    public Gateway(Control control) {
        this.control = control;
    }

    public void cancelJobGroup(String group) {
        control.cancelGroup(group, "cancelJobGroup('" + group + "')");
    }

    public void cancelAllJobs() {
        control.cancelAll("cancelAllJobs()");
    }

    public void cancelJobsWithTag(String tag) {
        control.cancelTag(tag, "cancelJobsWithTag('" + tag + "')");
    }

    /** JSON: ids of the jobs of a group. */
    public String jobIds(String group) {
        return Json.text(control.history().ofGroup(group));
    }

    /** JSON: ids. */
    public String activeJobIds() {
        return Json.text(control.history().active());
    }

    /** JSON: ids. */
    public String activeStageIds() {
        return Json.text(control.history().activeStages());
    }

    /** JSON: null, or the status and the stages' ids. */
    public String jobInfo(int job) {
        Object found = control.history()
                .job(job)
                .<Object>map(one -> Map.of(
                        "status",
                        one.status(),
                        "stages",
                        one.stages().stream().map(StageProgress::id).toList()))
                .orElse(null);
        return Json.text(found);
    }

    /** JSON: null, or its name and numbers of tasks. */
    public String stageInfo(int stage) {
        Object found = control.history()
                .stage(stage)
                .<Object>map(one -> Map.of(
                        "name", one.name() + " at " + one.site(),
                        "tasks", one.tasks(),
                        "running", one.running(),
                        "done", one.done(),
                        "failed", one.failed()))
                .orElse(null);
        return Json.text(found);
    }

    /** JSON: a list of objects. */
    public String executors() {
        return Json.text(control.executors());
    }

    public void addArchive(String path, String name) {
        control.addArchive(path, name);
    }

    public int cachedPartitions(int rdd) {
        return control.cachedPartitions(rdd);
    }

    public int cachedCopies(int rdd) {
        return control.cachedCopies(rdd);
    }

    public String addFile(String path, boolean python) {
        return control.addFile(path, python);
    }

    public String makeFolder(String path) {
        return control.makeFolder(path);
    }

    public void setLogLevel(String level) {
        control.setLogLevel(level);
    }

    /** {@code settings}: a JSON object. Gives one too: what the application gives, or {@code code}, {@code exit} and {@code message}. */
    public String configure(String settings) {
        Map<String, String> texts = new LinkedHashMap<>();
        try {
            Json.object(settings).forEach((name, value) -> texts.put(name, String.valueOf(value)));
        } catch (IOException error) {
            throw new IllegalArgumentException("settings that are no JSON object: " + error.getMessage(), error);
        }
        try {
            return Json.text(control.configure(texts));
        } catch (JobException refused) {
            return refusal(refused);
        }
    }

    /** {@code number}: of the profile in the program; what is 0 is not asked for. Gives JSON: {@code profile}, or as {@link #configure}. */
    public String profile(int number, int cpus, int cores, int megabytes, int overheadMegabytes, int pythonMegabytes) {
        ProfileRequest request =
                new ProfileRequest("profile " + number, cpus, cores, megabytes, overheadMegabytes, pythonMegabytes);
        try {
            return Json.text(Map.of("profile", control.profile(number, request)));
        } catch (JobException refused) {
            return refusal(refused);
        }
    }

    private static String refusal(JobException refused) {
        return Json.text(Map.of(
                "code", refused.failure().code(),
                "exit", refused.failure().exit(),
                "message", refused.failure().message()));
    }

    public Object hadoopConfiguration() {
        return control.hadoopConfiguration();
    }

    public void stop() {
        control.stop();
    }
}
