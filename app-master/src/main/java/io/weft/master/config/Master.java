package io.weft.master.config;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where jobs run. */
public sealed interface Master {
    /** One runner in this JVM. {@code maxFailures} is empty where the master string does not say. */
    record Local(int slots, OptionalInt maxFailures) implements Master {}

    /** Child JVMs on this host. {@code memoryBytes}: heap and workers of each together. */
    record LocalCluster(int runners, int slots, long memoryBytes) implements Master {}

    /** Containers of a YARN cluster. */
    record Yarn() implements Master {}

    Pattern LOCAL = Pattern.compile("local\\[\\s*(\\d{1,5}|\\*)\\s*(?:,\\s*(\\d{1,5})\\s*)?]");
    Pattern LOCAL_CLUSTER =
            Pattern.compile("local-cluster\\[\\s*(\\d{1,4})\\s*,\\s*(\\d{1,4})\\s*,\\s*(\\d{1,8})\\s*]");

    /**
     * Understands a master string; {@code processors} is what "*" stands for.
     *
     * @throws SettingsException when Weft does not run there (E18)
     */
    static Master parse(String text, int processors) throws SettingsException {
        String master = text.strip();
        if (master.equals("yarn")) {
            return new Yarn();
        }
        if (master.equals("local")) {
            return new Local(1, OptionalInt.empty());
        }
        Matcher local = LOCAL.matcher(master);
        if (local.matches()) {
            int slots = local.group(1).equals("*") ? processors : Integer.parseInt(local.group(1));
            OptionalInt failures =
                    local.group(2) == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(local.group(2)));
            if (slots >= 1 && failures.orElse(1) >= 1) {
                return new Local(slots, failures);
            }
        }
        Matcher cluster = LOCAL_CLUSTER.matcher(master);
        if (cluster.matches()) {
            LocalCluster found = new LocalCluster(
                    Integer.parseInt(cluster.group(1)),
                    Integer.parseInt(cluster.group(2)),
                    Long.parseLong(cluster.group(3)) << 20);
            if (found.runners() >= 1 && found.slots() >= 1 && found.memoryBytes() > 0) {
                return found;
            }
        }
        throw new SettingsException(List.of(text + ": Weft runs on YARN, local[N] and local-cluster[C,S,MB] only."));
    }
}
