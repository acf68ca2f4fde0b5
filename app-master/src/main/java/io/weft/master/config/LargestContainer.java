package io.weft.master.config;

import java.util.Optional;
import java.util.function.UnaryOperator;

/** The largest container that the cluster grants. */
public record LargestContainer(long megabytes, int cores) {
    /**
     * Why containers of these sizes cannot be had, and what could; empty if they can.
     *
     * @param undone what has not been done therefore, a sentence
     * @param names by a setting's name, what users have said it by
     */
    public Optional<String> refuses(ContainerSizes sizes, String undone, UnaryOperator<String> names) {
        long fitting = sizes.largestExecutorMegabytes(megabytes);
        String lower = fitting > 0
                ? "Lower " + names.apply(ContainerSizes.MEMORY) + " to " + fitting + "m."
                : "Lower " + names.apply(ContainerSizes.OVERHEAD) + ".";
        return refuses(sizes.megabytes(), sizes.cores(), undone, lower, names.apply(ContainerSizes.CORES));
    }

    /** The same of a container with one processor whose memory one option says. */
    public Optional<String> refuses(int asked, String undone, String option) {
        return refuses(asked, 1, undone, "Lower " + option + " to " + megabytes + "m.", option);
    }

    private Optional<String> refuses(int asked, int askedCores, String undone, String lower, String coresName) {
        if (asked > megabytes) {
            return Optional.of(
                    sentence(asked, askedCores) + " (yarn.scheduler.maximum-allocation-mb). " + undone + " " + lower);
        }
        if (askedCores > cores) {
            return Optional.of(sentence(asked, askedCores) + " (yarn.scheduler.maximum-allocation-vcores). " + undone
                    + " Lower " + coresName + " to " + cores + ".");
        }
        return Optional.empty();
    }

    private String sentence(int asked, int askedCores) {
        return "Asked: " + size(asked) + ", " + askedCores + (askedCores == 1 ? " vcore" : " vcores")
                + ". The largest container this cluster grants is " + size(megabytes) + ", " + cores + " vcores";
    }

    private static String size(long megabytes) {
        return megabytes % 1024 == 0 ? megabytes / 1024 + " GiB" : String.format("%.1f GiB", megabytes / 1024.0);
    }
}
