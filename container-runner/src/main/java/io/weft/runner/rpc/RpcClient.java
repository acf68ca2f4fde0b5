package io.weft.runner.rpc;

import io.weft.runner.protocol.ProtocolException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.PrivilegedExceptionAction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.ipc.RPC;
import org.apache.hadoop.ipc.RemoteException;
import org.apache.hadoop.security.Credentials;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.thirdparty.protobuf.ByteString;
import org.apache.hadoop.thirdparty.protobuf.BytesValue;
import org.apache.hadoop.thirdparty.protobuf.ServiceException;

/** Calls a {@link RpcServer} with the application's token. Thread-safe; concurrent calls share one connection. */
public final class RpcClient implements AutoCloseable {
    private final RunnerProtocol proxy;
    private final InetSocketAddress address;

    /** {@code credentials} must hold an application token (see {@link ApplicationSecret#credentials}). */
    public RpcClient(Configuration cluster, InetSocketAddress address, Credentials credentials, String user)
            throws IOException {
        Configuration conf = RpcSettings.client(cluster);
        this.address = address;
        UserGroupInformation caller = UserGroupInformation.createRemoteUser(user);
        caller.addCredentials(credentials);
        try {
            proxy = caller.doAs((PrivilegedExceptionAction<RunnerProtocol>) () ->
                    RPC.getProxy(RunnerProtocol.class, RPC.getProtocolVersion(RunnerProtocol.class), address, conf));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while connecting to " + address, e);
        }
    }

    /**
     * One round trip.
     *
     * @throws IOException when the peer did not answer; names the address
     * @throws ProtocolException when the peer refused the message; asking again is useless
     */
    public byte[] call(byte[] message) throws IOException {
        try {
            return proxy.call(null, BytesValue.of(ByteString.copyFrom(message)))
                    .getValue()
                    .toByteArray();
        } catch (ServiceException e) {
            if (unwrap(e) instanceof RemoteException remote
                    && ProtocolException.class.getName().equals(remote.getClassName())) {
                throw new ProtocolException(firstLine(remote));
            }
            throw new IOException(
                    "call to the ApplicationMaster at " + address + " failed: " + firstLine(unwrap(e)), unwrap(e));
        }
    }

    /** Without the peer's stack, which Hadoop appends to its message. */
    private static String firstLine(Throwable error) {
        String message = String.valueOf(error.getMessage());
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    private static Throwable unwrap(ServiceException e) {
        return e.getCause() == null ? e : e.getCause();
    }

    @Override
    public void close() {
        RPC.stopProxy(proxy);
    }
}
