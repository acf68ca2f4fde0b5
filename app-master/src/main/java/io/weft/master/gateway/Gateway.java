package io.weft.master.gateway;

/**
 * The entry point of the driver's control calls over Py4J: strings and numbers only, see DATASOCKET.md. Called by Py4J's threads; every
 * method returns at once, except {@link #addFile}, which reads the file.
 */
public final class Gateway {
    /** What the calls do; the application. */
    public interface Control {
        void cancelGroup(String group, String reason);

        void cancelAll(String reason);

        /** How many partitions of a persisted RDD are kept. */
        int cachedPartitions(int rdd);

        /** Makes a file known to all tasks; gives its name. Throws IllegalArgumentException with a sentence when it cannot be read. */
        String addFile(String path, boolean python);

        void setLogLevel(String level);

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

    public int cachedPartitions(int rdd) {
        return control.cachedPartitions(rdd);
    }

    public String addFile(String path, boolean python) {
        return control.addFile(path, python);
    }

    public void setLogLevel(String level) {
        control.setLogLevel(level);
    }

    public Object hadoopConfiguration() {
        return control.hadoopConfiguration();
    }

    public void stop() {
        control.stop();
    }
}
