package io.weft.master.scheduler;

import java.util.List;

/** A runner that takes tasks. {@code order}: runners are numbered as they register; {@code address}: host and port. */
record RunnerState(String name, HostState host, int order, List<Slot> slots, String address) {}
