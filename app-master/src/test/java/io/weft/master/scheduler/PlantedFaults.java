package io.weft.master.scheduler;

import io.weft.runner.protocol.TaskAttemptId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Schedulers with one defect each, made of the right one by changing what goes in or comes out. */
final class PlantedFaults {
    private PlantedFaults() {}

    /** The scheduler as it is. */
    static class Right implements Simulation.Subject {
        private final Scheduler scheduler;

        Right() {
            this(SchedulerSettings.DEFAULT);
        }

        Right(SchedulerSettings settings) {
            scheduler = new Scheduler(settings);
        }

        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            return scheduler.handle(event, nowMillis);
        }

        @Override
        public void validate() {
            scheduler.validate();
        }
    }

    /** Believes that outputs can always be read, so that their maps are never run again. */
    static final class LostOutputNotRerun extends Right {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            if (event instanceof SchedulerEvent.RunnerLost lost) {
                return super.handle(new SchedulerEvent.RunnerLost(lost.runner(), true, lost.reason()), nowMillis);
            } else if (event instanceof SchedulerEvent.FetchFailed failed) {
                return super.handle(new SchedulerEvent.FetchFailed(failed.id(), List.of(), failed.reason()), nowMillis);
            }
            return super.handle(event, nowMillis);
        }
    }

    /** Believes that the driver has every result that was lost before it came there. */
    static final class LostResultNotRerun extends Right {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            if (event instanceof SchedulerEvent.ResultLost lost) {
                return super.handle(new SchedulerEvent.ResultTaken(lost.job(), lost.id()), nowMillis);
            }
            return super.handle(event, nowMillis);
        }
    }

    /** Gives slow tasks second attempts, soon. */
    static class Speculating extends Right {
        Speculating() {
            super(SchedulerSettings.DEFAULT.withSpeculation(new SchedulerSettings.Speculation(true, 0.3, 0.5, 50)));
        }

        @Override
        public int attemptsAtOnce() {
            return 2;
        }
    }

    /** Lets the slower one of two attempts go on when the other has won. */
    static final class LoserNotCancelled extends Speculating {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            return super.handle(event, nowMillis).stream()
                    .filter(action -> !(action instanceof SchedulerAction.CancelTask cancel
                            && cancel.reason().startsWith("another attempt")))
                    .toList();
        }
    }

    /** Ends a job as soon as its tasks are done, as if every result came with its report. */
    static final class EndsBeforeResultsAreTaken extends Right {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            if (event instanceof SchedulerEvent.TaskSucceeded done) {
                return super.handle(new SchedulerEvent.TaskSucceeded(done.id(), done.output(), false), nowMillis);
            }
            return super.handle(event, nowMillis);
        }
    }

    /** Lets the other tasks of a barrier stage go on when one has failed. */
    static final class RestOfGangGoesOn extends Right {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            return super.handle(event, nowMillis).stream()
                    .filter(action -> !(action instanceof SchedulerAction.CancelTask cancel
                            && cancel.reason().endsWith("run together")))
                    .toList();
        }
    }

    /** Lets a task leave its call as soon as it has made it. */
    static final class BarrierOpen extends Right {
        private final Map<TaskAttemptId, String> runners = new HashMap<>();

        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            List<SchedulerAction> actions = new ArrayList<>(super.handle(event, nowMillis));
            for (SchedulerAction action : actions) {
                if (action instanceof SchedulerAction.LaunchTask launch) {
                    runners.put(launch.id(), launch.runner());
                }
            }
            if (event instanceof SchedulerEvent.BarrierReached reached) {
                List<TaskAttemptId> ids = List.of(reached.id());
                actions.add(new SchedulerAction.PassBarrier(runners.get(reached.id()), ids, reached.call(), List.of()));
            }
            return actions;
        }
    }

    /** Forgets what tasks of a barrier stage have made that is not wanted. */
    static final class ParkedForgotten extends Right {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            return super.handle(event, nowMillis).stream()
                    .filter(action -> !(action instanceof SchedulerAction.TaskDropped))
                    .toList();
        }
    }

    /** Grants a task's commit again to an attempt whose task's commit is granted to another. */
    static final class CommitGrantedTwice extends Right {
        private final Map<TaskAttemptId, String> runners = new HashMap<>();
        private final Map<String, TaskAttemptId> granted = new HashMap<>();

        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            List<SchedulerAction> actions = new ArrayList<>(super.handle(event, nowMillis));
            for (SchedulerAction action : actions) {
                if (action instanceof SchedulerAction.LaunchTask launch) {
                    runners.put(launch.id(), launch.runner());
                } else if (action instanceof SchedulerAction.GrantCommit grant) {
                    granted.put(task(grant.id()), grant.id());
                }
            }
            if (event instanceof SchedulerEvent.CommitWanted wanted) {
                TaskAttemptId other = granted.get(task(wanted.id()));
                if (other != null && !other.equals(wanted.id())) {
                    actions.add(new SchedulerAction.GrantCommit(wanted.id(), runners.get(wanted.id())));
                }
            }
            return actions;
        }

        private static String task(TaskAttemptId id) {
            return id.stage() + "/" + id.partition();
        }
    }

    /** Thinks that every runner has a slot more. */
    static final class SlotTooMany extends Right {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            if (event instanceof SchedulerEvent.RunnerRegistered e) {
                return super.handle(
                        new SchedulerEvent.RunnerRegistered(e.runner(), e.host(), e.rack(), e.slots() + 1), nowMillis);
            }
            return super.handle(event, nowMillis);
        }
    }

    /** Accepts the success of an attempt that it has cancelled. */
    static final class CancelledAccepted extends Right {
        private final Set<TaskAttemptId> cancelled = new HashSet<>();
        private final Map<TaskAttemptId, Integer> jobs = new HashMap<>();

        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            List<SchedulerAction> actions = new ArrayList<>(super.handle(event, nowMillis));
            for (SchedulerAction action : actions) {
                if (action instanceof SchedulerAction.CancelTask cancel) {
                    cancelled.add(cancel.id());
                } else if (action instanceof SchedulerAction.LaunchTask launch) {
                    jobs.put(launch.id(), launch.job());
                }
            }
            if (event instanceof SchedulerEvent.TaskSucceeded succeeded && cancelled.remove(succeeded.id())) {
                boolean result = succeeded.output().isEmpty();
                actions.add(0, new SchedulerAction.TaskAccepted(jobs.get(succeeded.id()), succeeded.id(), result));
            }
            return actions;
        }
    }
}
