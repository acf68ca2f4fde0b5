package io.weft.master.scheduler;

import java.util.List;

/**
 * A runner that takes tasks. {@code order}: runners are numbered as they register; {@code address}: host and port; {@code profile}: of
 * stages whose tasks it takes.
 */
record RunnerState(String name, HostState host, int order, List<Slot> slots, String address, int profile) {}
