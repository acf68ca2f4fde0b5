package io.weft.master.submit;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.hadoop.security.AccessControlException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.UnmatchedArgumentException;

/** Entry point of {@code yarn jar weft-VERSION.jar submit …}. Messages go to standard error; the exit code is the catalogue's. */
@Command(
        name = "weft",
        description = "Python batch jobs on Hadoop YARN.",
        subcommands = {SubmitCommand.class, KillCommand.class},
        mixinStandardHelpOptions = true,
        versionProvider = SubmitMain.Version.class)
public final class SubmitMain implements Runnable {
    private static final int ACCESS = 3;
    private static final int USAGE = 2;
    private static final int INTERNAL = 7;

    private SubmitMain() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments, new PrintWriter(System.err, true)));
    }

    /** The exit code of one call; messages go to {@code err}. */
    static int run(String[] arguments, PrintWriter err) {
        CommandLine line = new CommandLine(new SubmitMain());
        line.getSubcommands().values().forEach(command -> command.setStopAtPositional(true));
        line.setErr(err);
        line.setParameterExceptionHandler((error, given) -> usage(error, err));
        line.setExecutionExceptionHandler((error, command, parsed) -> failed(error, err, verbose(arguments)));
        return line.execute(arguments);
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                new CommandLine(this), "Say what to do: submit or kill. Try: submit --help");
    }

    private static int usage(CommandLine.ParameterException error, PrintWriter err) {
        List<String> unmatched = error instanceof UnmatchedArgumentException stray ? stray.getUnmatched() : List.of();
        if (!unmatched.isEmpty() && unmatched.get(0).startsWith("-")) {
            String option = unmatched.get(0).replaceAll("=.*", "");
            String nearest = Nearest.of(
                    option,
                    error.getCommandLine().getCommandSpec().optionsMap().keySet().stream()
                            .filter(name -> name.startsWith("--"))
                            .collect(Collectors.toList()));
            err.println("unknown option " + option + "; nearest: " + nearest);
        } else {
            err.println(error.getMessage());
        }
        return USAGE;
    }

    private static int failed(Exception error, PrintWriter err, boolean verbose) {
        if (verbose) {
            StringWriter stack = new StringWriter();
            error.printStackTrace(new PrintWriter(stack));
            err.print(stack);
        }
        if (error instanceof SubmitException known) {
            err.println(known.getMessage());
            return known.exit();
        }
        if (error instanceof AccessControlException) {
            String refusal =
                    String.valueOf(error.getMessage()).lines().findFirst().orElse("");
            err.println(refusal + "; nothing was submitted.\n  The user needs a home folder that it may write to.");
            return ACCESS;
        }
        String reason = error.toString().lines().findFirst().orElse("");
        err.println("weft: " + reason + "; run again with --verbose for the whole stack");
        return INTERNAL;
    }

    private static boolean verbose(String[] arguments) {
        return List.of(arguments).contains("--verbose") || List.of(arguments).contains("-v");
    }

    /** The version that the jar's manifest carries. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = SubmitMain.class.getPackage().getImplementationVersion();
            return new String[] {"weft " + (version == null ? "development" : version)};
        }
    }
}
