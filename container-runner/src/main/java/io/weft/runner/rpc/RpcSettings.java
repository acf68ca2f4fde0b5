package io.weft.runner.rpc;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.ipc.ProtobufRpcEngine2;
import org.apache.hadoop.ipc.RPC;

/**
 * Our copies of the cluster's configuration for the link. Protection and mechanism stay the cluster's; timeouts are ours
 * (Hadoop's defaults let a dead peer hang for fifteen minutes), and service authorization is off on our server because its
 * policy file cannot know our protocol: the token's application is checked instead.
 */
final class RpcSettings {
    private RpcSettings() {}

    static Configuration server(Configuration cluster) {
        Configuration conf = common(cluster);
        conf.set("hadoop.security.authentication", "TOKEN");
        conf.setBoolean("hadoop.security.authorization", false);
        return conf;
    }

    static Configuration client(Configuration cluster) {
        Configuration conf = common(cluster);
        conf.setInt("ipc.client.connect.timeout", 5_000);
        conf.setInt("ipc.client.connect.max.retries", 2);
        conf.setInt("ipc.client.connect.retry.interval", 500);
        conf.setInt("ipc.client.connect.max.retries.on.timeouts", 2);
        conf.setInt("ipc.client.rpc-timeout.ms", 90_000);
        conf.setBoolean("ipc.client.tcpnodelay", true);
        return conf;
    }

    private static Configuration common(Configuration cluster) {
        Configuration conf = new Configuration(cluster);
        conf.setInt("ipc.client.connection.maxidletime", 120_000);
        conf.setInt("ipc.ping.interval", 10_000);
        conf.setBoolean("ipc.server.tcpnodelay", true);
        RPC.setProtocolEngine(conf, RunnerProtocol.class, ProtobufRpcEngine2.class);
        return conf;
    }
}
