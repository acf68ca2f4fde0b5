package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.master.config.ProfileRequest;
import io.weft.master.jobs.JobException;
import io.weft.master.jobs.JobFailure;
import io.weft.master.plan.InvalidPlanException;
import io.weft.master.stages.Asked;
import io.weft.master.stages.Profile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class YarnProfilesTest {
    private final List<String> asked = new ArrayList<>();
    private final Map<List<Integer>, Profile> bySize = new LinkedHashMap<>();
    private final YarnProfiles profiles = new YarnProfiles(this::make);

    /** Containers of at most 4096 MB; those of one size and number of processors for a task are the same. */
    private Profile make(int number, ProfileRequest request) throws JobException {
        asked.add(number + ": " + request.name());
        if (request.megabytes() + request.overheadMegabytes() > 4096) {
            throw new JobException(JobFailure.of("E11", 5, "resources", "too large"));
        }
        List<Integer> size = List.of(request.cpus(), request.cores(), request.megabytes(), request.overheadMegabytes());
        return bySize.computeIfAbsent(size, unknown -> new Profile(number, 8, 0, 0));
    }

    private static ProfileRequest request(String name, int cpus, int cores, int megabytes, int overhead) {
        return new ProfileRequest(name, cpus, cores, megabytes, overhead, 0);
    }

    @Test
    void profilesThatComeToTheSameShareTheirContainers() throws JobException {
        assertEquals(3, profiles.add(3, request("profile 3", 1, 2, 1024, 0)));
        assertEquals(3, profiles.add(4, request("profile 4", 1, 2, 1024, 0)));
        assertEquals(5, profiles.add(5, request("profile 5", 2, 2, 1024, 0)));
        assertEquals(new Profile(5, 8, 0, 0), profiles.profile(5));
        assertThrows(IllegalArgumentException.class, () -> profiles.profile(4));
    }

    @Test
    void mergedProfilesHaveTheMostOfBothAndAreMadeOnce() throws JobException {
        profiles.add(1, request("profile 1", 1, 2, 1024, 512));
        profiles.add(2, request("profile 2", 2, 1, 2048, 0));
        Asked both = profiles.merge(new Asked(1, 1), new Asked(2, 2));
        assertEquals(new Asked(2, 1_000_001), both);
        assertEquals(both, profiles.merge(new Asked(2, 2), new Asked(1, 1)));
        assertEquals(List.of(2, 2, 2048, 512), List.copyOf(bySize.keySet()).get(2));
        assertEquals("1000001: profile 1 with profile 2", asked.get(2));
    }

    @Test
    void aProfileIsMergedWithProcessorsOfATask() throws JobException {
        profiles.add(1, request("profile 1", 1, 4, 1024, 0));
        assertEquals(new Asked(1, 1), profiles.merge(new Asked(1, 0), new Asked(1, 1)));
        assertEquals(new Asked(3, 1_000_001), profiles.merge(new Asked(1, 1), new Asked(3, 0)));
        assertEquals(new Asked(5, 0), profiles.merge(new Asked(5, 0), new Asked(3, 0)));
    }

    @Test
    void aMergedProfileThatNoContainerCanBeIsRefused() throws JobException {
        profiles.add(1, request("profile 1", 0, 0, 4096, 0));
        profiles.add(2, request("profile 2", 0, 0, 0, 1024));
        InvalidPlanException refused =
                assertThrows(InvalidPlanException.class, () -> profiles.merge(new Asked(0, 1), new Asked(0, 2)));
        assertEquals("E11", refused.code());
        assertEquals("withResources, profile 1 with profile 2: too large", refused.getMessage());
    }
}
