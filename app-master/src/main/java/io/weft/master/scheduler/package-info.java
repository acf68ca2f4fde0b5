/**
 * What happened goes in ({@link io.weft.master.scheduler.SchedulerEvent}), what to do now comes out
 * ({@link io.weft.master.scheduler.SchedulerAction}); nothing else does. Pure: no threads, clocks, I/O; time is an argument. The same
 * object runs local, on YARN and in simulation.
 *
 * <p>{@code Jobs} decides which stages run, {@code Reports} what a report about an attempt means, {@code Placement} which task takes
 * which slot; the other classes hold state. The cost of an event grows neither with the number of tasks nor with that of outputs,
 * except where it concerns them all: a stage that starts, a runner that is lost.
 */
package io.weft.master.scheduler;
