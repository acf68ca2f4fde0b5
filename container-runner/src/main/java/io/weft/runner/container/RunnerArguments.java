package io.weft.runner.container;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Base64;
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
 * @param shuffleService whether the node's mapreduce_shuffle, where there is one, shall serve the map outputs
 */
record RunnerArguments(
        String runner,
        String host,
        int slots,
        InetSocketAddress master,
        InetSocketAddress blocks,
        long megabytes,
        boolean local,
        boolean shuffleService) {

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
                Boolean.parseBoolean(given.getOrDefault("--local", "false")),
                Boolean.parseBoolean(given.getOrDefault("--shuffle-service", "true")));
    }

    /**
     * The port of mapreduce_shuffle in what a NodeManager puts into its containers' environment; 0 when it is null or holds none. It
     * encodes the whole buffer that the service wrote its port into, so zeros may follow the four bytes.
     */
    static int servicePort(String encoded) {
        if (encoded == null || encoded.isBlank()) {
            return 0;
        }
        byte[] bytes = Base64.getDecoder().decode(encoded.strip());
        return bytes.length >= Integer.BYTES ? ByteBuffer.wrap(bytes).getInt() : 0;
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
