package io.weft.master.app;

import io.weft.master.config.ProfileRequest;
import io.weft.master.jobs.JobException;
import io.weft.master.plan.InvalidPlanException;
import io.weft.master.stages.Asked;
import io.weft.master.stages.Profile;
import io.weft.master.stages.Profiles;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The profiles that a program has asked for by withResources, each with containers of its own. Those that come to the same share them,
 * so that a program may make the same profile many times. Guarded by itself.
 */
final class YarnProfiles implements Profiles {
    /** Numbers below are those of the program's profiles. */
    private static final int FIRST_MERGED = 1_000_001;

    /** What a request comes to in this application. */
    interface Source {
        /**
         * Has its runners come when they are needed.
         *
         * @param number of the profile, if it is new
         * @return the profile, or one that is there and comes to the same
         * @throws JobException if no container can be so (E11, E17)
         */
        Profile make(int number, ProfileRequest request) throws JobException;
    }

    private final Source source;
    private final Map<Integer, ProfileRequest> requests = new LinkedHashMap<>();
    private final Map<Integer, Profile> made = new LinkedHashMap<>();
    private int merged = FIRST_MERGED;

    YarnProfiles(Source source) {
        this.source = source;
    }

    /** The number under which a profile of the program's is known here. */
    synchronized int add(int number, ProfileRequest request) throws JobException {
        Profile profile = source.make(number, request);
        requests.putIfAbsent(profile.number(), request);
        made.putIfAbsent(profile.number(), profile);
        return profile.number();
    }

    @Override
    public synchronized Asked merge(Asked one, Asked other) {
        int processors = Math.max(one.processors(), other.processors());
        if (one.profile() == 0 && other.profile() == 0) {
            return new Asked(processors, 0);
        }
        ProfileRequest both = one.profile() == 0 || other.profile() == 0 || one.profile() == other.profile()
                ? requests.get(Math.max(one.profile(), other.profile()))
                : requests.get(one.profile()).with(requests.get(other.profile()));
        try {
            int number = add(merged, both.withCpus(processors));
            merged += number == merged ? 1 : 0;
            return new Asked(processors, number);
        } catch (JobException refused) {
            throw new InvalidPlanException(
                    refused.failure().code(), "withResources, " + both.name() + ": " + refused.getMessage());
        }
    }

    @Override
    public synchronized Profile profile(int number) {
        Profile profile = made.get(number);
        if (profile == null) {
            throw new IllegalArgumentException("there is no profile " + number);
        }
        return profile;
    }
}
