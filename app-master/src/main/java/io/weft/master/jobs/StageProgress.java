package io.weft.master.jobs;

/**
 * How far one stage is, for people.
 *
 * @param id the stage's id in the application
 * @param position its number in the job, from 1
 * @param of the job's number of stages
 */
public record StageProgress(
        int id, int position, int of, String name, String site, int tasks, int done, int running, int failed) {
    /** The same of a job that has ended: nothing of it runs that counts. */
    StageProgress ended() {
        return new StageProgress(id, position, of, name, site, tasks, done, 0, failed);
    }
}
