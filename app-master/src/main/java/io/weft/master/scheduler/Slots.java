package io.weft.master.scheduler;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Runners, their hosts and their slots. */
final class Slots {
    /** One host in so many may be excluded at a time. */
    private static final int HOSTS_PER_EXCLUSION = 3;

    private final SchedulerSettings.Exclusion exclusion;

    /** All and only registered runners that are not lost. */
    private final Map<String, RunnerState> runners = new LinkedHashMap<>();

    /** Names of lost runners; a late report must not bring one back. */
    private final Set<String> lost = new LinkedHashSet<>();

    /** Every host that ever had a runner. */
    private final Map<String, HostState> hosts = new LinkedHashMap<>();

    /** By rack, its hosts; without the unknown rack "". */
    private final Map<String, List<HostState>> racks = new LinkedHashMap<>();

    /** By profile, all and only vacant slots on hosts that are not excluded, in the order in which to take them; no empty sets. */
    private final Map<Integer, TreeSet<Slot>> free = new TreeMap<>();

    /** Always empty. */
    private final TreeSet<Slot> none = new TreeSet<>(Slot.SPREAD);

    /** All and only excluded hosts. */
    private final Set<HostState> excluded = new LinkedHashSet<>();

    private int registrations;
    private long lastRegistrationMillis;

    Slots(SchedulerSettings.Exclusion exclusion) {
        this.exclusion = exclusion;
    }

    /** Adds a runner, whose slots are not free yet; empty when it is known or was lost. */
    Optional<RunnerState> register(SchedulerEvent.RunnerRegistered event, long nowMillis) {
        if (runners.containsKey(event.runner()) || lost.contains(event.runner())) {
            return Optional.empty();
        }
        HostState host = hosts.get(event.host());
        if (host == null) {
            host = new HostState(event.host(), event.rack());
            hosts.put(host.name, host);
            if (!host.rack.isEmpty()) {
                racks.computeIfAbsent(host.rack, rack -> new ArrayList<>()).add(host);
            }
        }
        host.runners.add(event.profile());
        String address = event.host() + ":" + event.port();
        RunnerState runner =
                new RunnerState(event.runner(), host, registrations++, new ArrayList<>(), address, event.profile());
        for (int number = 0; number < event.slots(); number++) {
            runner.slots().add(new Slot(runner, number, nowMillis));
        }
        runners.put(runner.name(), runner);
        lastRegistrationMillis = nowMillis;
        return Optional.of(runner);
    }

    /** Forgets a runner and its slots; empty when it is not known. */
    Optional<RunnerState> lose(String name) {
        lost.add(name);
        RunnerState runner = runners.remove(name);
        if (runner != null) {
            runner.host().runners.remove((Integer) runner.profile());
            runner.slots().forEach(slot -> {
                take(slot);
                slot.host().vacant.remove(slot);
            });
        }
        return Optional.ofNullable(runner);
    }

    /** A slot is not free any more, if it was. */
    private void take(Slot slot) {
        TreeSet<Slot> all = free.get(slot.profile());
        if (all != null && all.remove(slot) && all.isEmpty()) {
            free.remove(slot.profile());
        }
    }

    /** There are free slots, of any profile. */
    boolean areFree() {
        return !free.isEmpty();
    }

    boolean areFree(int profile) {
        return free.containsKey(profile);
    }

    boolean isFree(Slot slot) {
        return ofProfile(slot.profile()).contains(slot);
    }

    /** All free slots of a profile, in the order in which to take them. */
    private TreeSet<Slot> ofProfile(int profile) {
        return free.getOrDefault(profile, none);
    }

    /** All free slots, a profile after the other. */
    List<Slot> allFree() {
        return free.values().stream().flatMap(TreeSet::stream).toList();
    }

    /** Whether a host has runners that take tasks of this stage. */
    Predicate<String> alive(StageRun stage) {
        int profile = stage.profile();
        return host -> {
            HostState state = hosts.get(host);
            return state != null && !state.isExcluded() && state.runners.contains(profile);
        };
    }

    long lastRegistrationMillis() {
        return lastRegistrationMillis;
    }

    /** How many tasks of a stage there are slots for on hosts that are not excluded, occupied ones too. Costs as much as there are runners. */
    int usable(StageRun stage) {
        return usable(stage, stage.width());
    }

    /** How many slots there are that tasks of a stage may take on hosts that are not excluded, occupied ones too. */
    int usableSlots(StageRun stage) {
        return usable(stage, 1);
    }

    private int usable(StageRun stage, int width) {
        return runners.values().stream()
                .filter(runner ->
                        runner.profile() == stage.profile() && !runner.host().isExcluded())
                .mapToInt(runner -> runner.slots().size() / width)
                .sum();
    }

    /** How many tasks of a stage the free slots have room for. Costs as much as there are slots, unless each takes one. */
    int room(StageRun stage) {
        TreeSet<Slot> all = ofProfile(stage.profile());
        if (stage.width() == 1) {
            return all.size();
        }
        return runners.values().stream()
                .filter(runner -> runner.profile() == stage.profile())
                .mapToInt(runner ->
                        (int) runner.slots().stream().filter(all::contains).count() / stage.width())
                .sum();
    }

    /**
     * Free slots for each task of a stage: of a host that it prefers where there are such, else the next; there are enough.
     *
     * @param preferred by task
     */
    List<List<Slot>> choose(StageRun stage, List<List<String>> preferred) {
        int width = stage.width();
        List<List<Slot>> chosen = new ArrayList<>(Collections.nCopies(preferred.size(), List.of()));
        Set<Slot> taken = new HashSet<>();
        for (int task = 0; task < chosen.size(); task++) {
            for (String host : preferred.get(task)) {
                if (chosen.get(task).isEmpty()) {
                    chosen.set(task, vacantOn(host, stage, taken));
                }
            }
        }
        Iterator<Slot> rest = ofProfile(stage.profile()).iterator();
        for (int task = 0; task < chosen.size(); task++) {
            while (chosen.get(task).isEmpty()) {
                chosen.set(task, together(rest.next(), width, taken));
            }
        }
        return chosen;
    }

    private List<Slot> vacantOn(String host, StageRun stage, Set<Slot> taken) {
        HostState state = hosts.get(host);
        if (state == null || state.isExcluded()) {
            return List.of();
        }
        return state.vacant.stream()
                .filter(slot -> slot.profile() == stage.profile())
                .map(slot -> together(slot, stage.width(), taken))
                .filter(found -> !found.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    /** This free slot and as many more of its runner as the width needs, the last ones; empty when they are too few. */
    List<Slot> together(Slot first, int width) {
        return width == 1 ? List.of(first) : together(first, width, new HashSet<>());
    }

    /** {@code taken}: slots that are not free any more; those that are given are added. */
    private List<Slot> together(Slot first, int width, Set<Slot> taken) {
        if (taken.contains(first)) {
            return List.of();
        }
        List<Slot> found = new ArrayList<>(List.of(first));
        List<Slot> all = first.runner.slots();
        for (int number = all.size() - 1; number >= 0 && found.size() < width; number--) {
            Slot slot = all.get(number);
            if (slot != first && isFree(slot) && !taken.contains(slot)) {
                found.add(slot);
            }
        }
        if (found.size() < width) {
            return List.of();
        }
        taken.addAll(found);
        return found;
    }

    /** Free slots for a task of a stage, of any host; empty when no runner has so many. */
    List<Slot> free(StageRun stage) {
        return first(ofProfile(stage.profile()).stream(), stage.width());
    }

    /** Free slots of this host for a task of a stage. */
    List<Slot> freeOn(String host, StageRun stage) {
        HostState state = hosts.get(host);
        if (state == null || state.isExcluded()) {
            return List.of();
        }
        return first(state.vacant.stream().filter(slot -> slot.profile() == stage.profile()), stage.width());
    }

    /** Free slots of another host for a task of a stage. Costs as much as slots are free on this one. */
    List<Slot> freeBeside(String host, StageRun stage) {
        return first(
                ofProfile(stage.profile()).stream()
                        .filter(slot -> !slot.host().name.equals(host)),
                stage.width());
    }

    private List<Slot> first(Stream<Slot> slots, int width) {
        return slots.map(slot -> together(slot, width))
                .filter(found -> !found.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    /** Hosts of the rack of this host; none when it is not known. */
    List<HostState> rackOf(String host) {
        HostState state = hosts.get(host);
        return state == null ? List.of() : racks.getOrDefault(state.rack, List.of());
    }

    /** The attempt takes its slots. */
    void occupy(Attempt attempt) {
        for (Slot slot : attempt.slots) {
            if (slot.attempt != null) {
                throw new IllegalStateException(slot + " runs " + slot.attempt.id + ", cannot take " + attempt.id);
            }
            slot.attempt = attempt;
            slot.host().vacant.remove(slot);
            take(slot);
        }
    }

    /** The slot is vacant now, and free unless its host is excluded. */
    void release(Slot slot) {
        slot.host().vacant.add(slot);
        if (!slot.host().isExcluded()) {
            free.computeIfAbsent(slot.profile(), number -> new TreeSet<>(Slot.SPREAD))
                    .add(slot);
        }
    }

    /** Counts a failure against a host; true when that was one too many and it is excluded now. */
    boolean failedOn(String hostName, long nowMillis) {
        HostState host = hosts.get(hostName);
        if (host == null || host.isExcluded() || host.failed(nowMillis, exclusion.millis()) < exclusion.failures()) {
            return false;
        }
        long alive = hosts.values().stream()
                .filter(other -> !other.runners.isEmpty())
                .count();
        if ((excluded.size() + 1) * HOSTS_PER_EXCLUSION > alive) {
            return false;
        }
        host.excludedUntilMillis = nowMillis + exclusion.millis();
        excluded.add(host);
        host.vacant.forEach(this::take);
        return true;
    }

    /** Ends exclusions whose time is over, and returns slots that can be used again, which are not free yet. */
    List<Slot> readmit(long nowMillis) {
        List<Slot> back = new ArrayList<>();
        excluded.removeIf(host -> {
            boolean over = host.excludedUntilMillis <= nowMillis;
            if (over) {
                host.excludedUntilMillis = 0;
                back.addAll(host.vacant);
            }
            return over;
        });
        return back;
    }

    /** When the next exclusion ends. */
    Optional<Long> nextReadmissionMillis() {
        return excluded.stream().map(host -> host.excludedUntilMillis).min(Long::compare);
    }

    void validate() {
        int usable = 0;
        for (RunnerState runner : runners.values()) {
            for (Slot slot : runner.slots()) {
                boolean vacant = slot.attempt == null;
                boolean isFree = vacant && !slot.host().isExcluded();
                Checks.require(vacant == slot.host().vacant.contains(slot), slot + " is wrongly vacant or not");
                Checks.require(isFree == isFree(slot), slot + " is wrongly free or not");
                usable += isFree ? 1 : 0;
            }
        }
        int all = allFree().size();
        Checks.require(usable == all, all + " slots are free, " + usable + " should be");
        free.forEach((profile, slots) -> Checks.require(
                !slots.isEmpty() && slots.stream().allMatch(slot -> slot.profile() == profile),
                "free slots of profile " + profile + " are wrong: " + slots));
    }
}
