package io.weft.master.stages;

/**
 * What RDDs of a stage ask for the tasks that compute them.
 *
 * @param processors of each task; 0: as many as others have
 * @param profile runners of this {@link Profile}; 0: those that there are anyway
 */
public record Asked(int processors, int profile) {
    public static final Asked NOTHING = new Asked(0, 0);

    public Asked {
        if (processors < 0 || profile < 0) {
            throw new IllegalArgumentException(processors + " processors, profile " + profile);
        }
    }

    /** The words of messages. */
    @Override
    public String toString() {
        String tasks =
                processors == 0 ? "" : "tasks of " + processors + (processors == 1 ? " processor" : " processors");
        String runners = profile == 0 ? "" : "containers of profile " + profile;
        return tasks + (processors > 0 && profile > 0 ? " in " : "") + runners;
    }
}
