package io.weft.master.scheduler;

import io.weft.master.stages.Profile;
import io.weft.master.stages.Stage;
import io.weft.master.stages.StageGraph;
import io.weft.runner.protocol.TaskAttemptId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Schedulers with one defect each, made of the right one by changing what goes in or comes out. */
final class PlantedFaults {
    private PlantedFaults() {}

    /** The scheduler as it is. */
    static class Right implements Simulation.Subject {
        private final Scheduler scheduler;
        private final Predicate<SchedulerAction> forgotten;

        Right() {
            this(action -> false);
        }

        /** But for actions that it forgets. */
        Right(Predicate<SchedulerAction> forgotten) {
            this(SchedulerSettings.DEFAULT, forgotten);
        }

        Right(SchedulerSettings settings, Predicate<SchedulerAction> forgotten) {
            scheduler = new Scheduler(settings);
            this.forgotten = forgotten;
        }

        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            return scheduler.handle(event, nowMillis).stream()
                    .filter(forgotten.negate())
                    .toList();
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

    /** Knows which attempts were launched, to add actions about them. */
    private abstract static class Adding extends Right {
        final Map<TaskAttemptId, SchedulerAction.LaunchTask> launches = new HashMap<>();

        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            List<SchedulerAction> actions = new ArrayList<>(super.handle(event, nowMillis));
            for (SchedulerAction action : actions) {
                if (action instanceof SchedulerAction.LaunchTask launch) {
                    launches.put(launch.id(), launch);
                }
            }
            add(event, actions);
            return actions;
        }

        abstract void add(SchedulerEvent event, List<SchedulerAction> actions);
    }

    /** Gives slow tasks second attempts, soon. */
    static class Speculating extends Right {
        Speculating() {
            this(action -> false);
        }

        Speculating(Predicate<SchedulerAction> forgotten) {
            super(
                    SchedulerSettings.DEFAULT.withSpeculation(new SchedulerSettings.Speculation(true, 0.3, 0.5, 50)),
                    forgotten);
        }

        @Override
        public int attemptsAtOnce() {
            return 2;
        }
    }

    /** Lets the slower one of two attempts go on when the other has won. */
    static final class LoserNotCancelled extends Speculating {
        LoserNotCancelled() {
            super(action -> action instanceof SchedulerAction.CancelTask cancel
                    && cancel.reason().startsWith("another attempt"));
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
        RestOfGangGoesOn() {
            super(action -> action instanceof SchedulerAction.CancelTask cancel
                    && cancel.reason().endsWith("run together"));
        }
    }

    /** Lets a task leave its call as soon as it has made it. */
    static final class BarrierOpen extends Adding {
        @Override
        void add(SchedulerEvent event, List<SchedulerAction> actions) {
            if (event instanceof SchedulerEvent.BarrierReached reached) {
                String runner = launches.get(reached.id()).runner();
                actions.add(new SchedulerAction.PassBarrier(runner, List.of(reached.id()), reached.call(), List.of()));
            }
        }
    }

    /** Forgets what tasks of a barrier stage have made that is not wanted. */
    static final class ParkedForgotten extends Right {
        ParkedForgotten() {
            super(action -> action instanceof SchedulerAction.TaskDropped);
        }
    }

    /** Grants a task's commit again to an attempt whose task's commit is granted to another. */
    static final class CommitGrantedTwice extends Adding {
        private final Map<String, TaskAttemptId> granted = new HashMap<>();

        @Override
        void add(SchedulerEvent event, List<SchedulerAction> actions) {
            for (SchedulerAction action : actions) {
                if (action instanceof SchedulerAction.GrantCommit grant) {
                    granted.put(task(grant.id()), grant.id());
                }
            }
            if (event instanceof SchedulerEvent.CommitWanted wanted) {
                TaskAttemptId other = granted.get(task(wanted.id()));
                if (other != null && !other.equals(wanted.id())) {
                    String runner = launches.get(wanted.id()).runner();
                    actions.add(new SchedulerAction.GrantCommit(wanted.id(), runner));
                }
            }
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
                        new SchedulerEvent.RunnerRegistered(
                                e.runner(), e.host(), e.rack(), e.slots() + 1, e.port(), e.profile()),
                        nowMillis);
            }
            return super.handle(event, nowMillis);
        }
    }

    /** The same job whose tasks have other shares. */
    private static SchedulerEvent.JobSubmitted shared(
            SchedulerEvent.JobSubmitted job, UnaryOperator<Stage.Share> change) {
        List<Stage> stages = job.graph().stages().stream()
                .map(stage -> stage.with(change.apply(stage.share())))
                .toList();
        return new SchedulerEvent.JobSubmitted(job.job(), new StageGraph(stages), job.group());
    }

    /** Takes every task for one of a single slot. */
    static final class SharesForgotten extends Right {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            if (event instanceof SchedulerEvent.JobSubmitted e) {
                return super.handle(shared(e, share -> new Stage.Share(0, 1, share.profile())), nowMillis);
            }
            return super.handle(event, nowMillis);
        }
    }

    /** Takes every runner for one that takes all tasks. */
    static final class ProfilesForgotten extends Right {
        @Override
        public List<SchedulerAction> handle(SchedulerEvent event, long nowMillis) {
            if (event instanceof SchedulerEvent.JobSubmitted e) {
                return super.handle(shared(e, share -> new Stage.Share(0, share.slots(), Profile.DEFAULT)), nowMillis);
            } else if (event instanceof SchedulerEvent.RunnerRegistered e) {
                return super.handle(
                        new SchedulerEvent.RunnerRegistered(e.runner(), e.host(), e.rack(), e.slots()), nowMillis);
            }
            return super.handle(event, nowMillis);
        }
    }

    /** Accepts the success of an attempt that it has cancelled. */
    static final class CancelledAccepted extends Adding {
        private final Set<TaskAttemptId> cancelled = new HashSet<>();

        @Override
        void add(SchedulerEvent event, List<SchedulerAction> actions) {
            for (SchedulerAction action : actions) {
                if (action instanceof SchedulerAction.CancelTask cancel) {
                    cancelled.add(cancel.id());
                }
            }
            if (event instanceof SchedulerEvent.TaskSucceeded succeeded && cancelled.remove(succeeded.id())) {
                boolean result = succeeded.output().isEmpty();
                int job = launches.get(succeeded.id()).job();
                actions.add(0, new SchedulerAction.TaskAccepted(job, succeeded.id(), result));
            }
        }
    }
}
