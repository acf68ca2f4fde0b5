package io.weft.runner.container;

import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The command line of a runner's process; made by the ApplicationMaster alone, so it holds nothing of the user's.
 *
 * @param master the ApplicationMaster's RPC server
 * @param blocks its block server
 * @param megabytes memory of the whole container, as the NodeManager counts it; 0: no limit
 * @param local a child of a local cluster: what user code prints goes to the driver, and the end of standard input is the
 *     end; else a YARN container, whose output is its own
 */
record RunnerArguments(
        String runner,
        String host,
        int slots,
        InetSocketAddress master,
        InetSocketAddress blocks,
        long megabytes,
        boolean local) {

    static RunnerArguments parse(String[] arguments) {
        Map<String, String> given = new LinkedHashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            given.put(arguments[i], arguments[i + 1]);
        }
        return new RunnerArguments(
                required(given, "--runner"),
                required(given, "--host"),
                Integer.parseInt(required(given, "--slots")),
                address(required(given, "--master")),
                address(required(given, "--blocks")),
                Long.parseLong(given.getOrDefault("--megabytes", "0")),
                Boolean.parseBoolean(given.getOrDefault("--local", "false")));
    }

    private static String required(Map<String, String> given, String name) {
        String value = given.get(name);
        if (value == null) {
            throw new IllegalArgumentException("a runner needs " + name);
        }
        return value;
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }
}
