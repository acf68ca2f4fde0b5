package io.weft.master.stages;

/** The profiles that a program has made. Any thread. */
public interface Profiles {
    /** There are none. */
    Profiles NONE = new Profiles() {
        @Override
        public Asked merge(Asked one, Asked other) {
            return new Asked(Math.max(one.processors(), other.processors()), 0);
        }

        @Override
        public Profile profile(int number) {
            throw new IllegalArgumentException("there is no profile " + number);
        }
    };

    /**
     * What asks for the most of both.
     *
     * @throws io.weft.master.plan.InvalidPlanException when no container can be that large
     */
    Asked merge(Asked one, Asked other);

    Profile profile(int number);
}
