package io.weft.master.jobs;

import io.weft.master.plan.Plan;
import io.weft.master.plan.PlanAction;
import io.weft.runner.output.JobOutput;
import io.weft.runner.output.OutputException;
import io.weft.runner.output.RecordJobOutput;
import io.weft.runner.output.SaveMode;
import io.weft.runner.output.SavedOutput;
import io.weft.runner.output.StagedName;
import io.weft.runner.output.StagedOutput;
import io.weft.runner.protocol.OutputSpec;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;

/** Checks and sets up what an action saves, before its job runs. */
final class Saves {
    private final Configuration hadoop;
    private final boolean validate;

    /** {@code validate}: a plain save fails where its folder exists; else its files are put among those that are there. */
    Saves(Configuration hadoop, boolean validate) {
        this.hadoop = hadoop;
        this.validate = validate;
    }

    /** What tasks are told, and what commits in the end. */
    record Prepared(OutputSpec spec, SavedOutput output) {}

    /** Empty when the action saves nothing. */
    Optional<Prepared> prepare(Plan plan, StagedName name) throws JobException {
        String site = plan.name() + " at " + plan.site();
        try {
            if (plan.action() instanceof PlanAction.SaveText text) {
                return Optional.of(text(text, site, name));
            } else if (plan.action() instanceof PlanAction.SaveRecords records) {
                return Optional.of(records(records, site, name.job()));
            }
            return Optional.empty();
        } catch (OutputException error) {
            throw new JobException(JobFailure.of(error.code(), error.exitCode(), "output", error.getMessage(), error));
        } catch (IOException | RuntimeException error) {
            String text = "the output of " + site + " cannot be set up: " + Stacks.message(error);
            throw new JobException(JobFailure.of("", 7, "output", text, error));
        }
    }

    /** The path is qualified here: a runner's working directory is another one. */
    private Prepared text(PlanAction.SaveText text, String site, StagedName name) throws IOException {
        String path = JobOutput.qualify(text.path(), site, hadoop);
        PlanAction.Placing placing = text.placing();
        AtomicReference<OutputSpec> made = new AtomicReference<>();
        SaveMode given = SaveMode.of(placing.mode());
        SaveMode mode = given == SaveMode.ERROR && !validate ? SaveMode.MERGE : given;
        SavedOutput output = StagedOutput.of(path, mode, name, hadoop, (work, unique) -> {
            OutputSpec.Parts parts = new OutputSpec.Parts(unique, placing.targetBytes(), placing.byKey());
            OutputSpec.TextFile spec =
                    new OutputSpec.TextFile(work, text.codec(), uuid(), name.job(), text.suffix(), parts);
            made.set(spec);
            return JobOutput.of(spec, hadoop, validate);
        });
        return ready(new Prepared(made.get(), output), site);
    }

    private Prepared records(PlanAction.SaveRecords save, String site, int job) throws IOException {
        Optional<String> given = RecordJobOutput.path(save.format(), save.path(), hadoop);
        Optional<String> path = Optional.empty();
        if (given.isPresent()) {
            path = Optional.of(JobOutput.qualify(given.get(), site, hadoop));
        }
        boolean known = save.keyClass().isPresent() && save.valueClass().isPresent();
        List<String> found =
                known ? List.of("", "") : RecordJobOutput.classes(save.format(), save.first(), site, hadoop);
        OutputSpec.Records spec = new OutputSpec.Records(
                save.format(),
                path,
                save.keyClass().orElse(found.get(0)),
                save.valueClass().orElse(found.get(1)),
                uuid(),
                job);
        return ready(new Prepared(spec, RecordJobOutput.of(spec, hadoop, validate)), site);
    }

    private static Prepared ready(Prepared prepared, String site) throws IOException {
        prepared.output().check(site);
        prepared.output().setup(site);
        return prepared;
    }

    private static String uuid() {
        return UUID.randomUUID().toString();
    }
}
