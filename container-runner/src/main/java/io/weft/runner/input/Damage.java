package io.weft.runner.input;

/** Decides what becomes of an input whose content is damaged. Any thread. */
public interface Damage {
    /** Every damage fails the task. */
    Damage FAILS = damaged -> false;

    /** Whether the rest of the file is left out and the task goes on; called once for each damaged range of a file. */
    boolean isLeftOut(InputException damaged);
}
