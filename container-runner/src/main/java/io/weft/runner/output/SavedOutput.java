package io.weft.runner.output;

import java.io.IOException;

/**
 * One save as the ApplicationMaster sees it: {@link #check} before anything runs, {@link #setup} before the first task, then
 * {@link #commit} when all tasks have committed, or {@link #abort}. By one thread at a time.
 */
public interface SavedOutput {
    /** Fails with E03 when the output exists; {@code site} is such as "saveAsTextFile at etl.py:88". */
    void check(String site) throws IOException;

    /** {@code site}: as for {@link #check}. */
    void setup(String site) throws IOException;

    /** Makes all committed parts visible. */
    void commit() throws IOException;

    /** Removes what tasks have written. */
    void abort() throws IOException;
}
