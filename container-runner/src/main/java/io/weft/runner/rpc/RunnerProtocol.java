package io.weft.runner.rpc;

import org.apache.hadoop.ipc.ProtocolInfo;
import org.apache.hadoop.security.token.TokenInfo;
import org.apache.hadoop.thirdparty.protobuf.BytesValue;
import org.apache.hadoop.thirdparty.protobuf.RpcController;
import org.apache.hadoop.thirdparty.protobuf.ServiceException;

/** The one remote interface: a {@link io.weft.runner.protocol.Link} message in, another out. */
@ProtocolInfo(protocolName = "io.weft.runner.rpc.RunnerProtocol", protocolVersion = 1)
@TokenInfo(ApplicationTokenSelector.class)
public interface RunnerProtocol {
    BytesValue call(RpcController controller, BytesValue message) throws ServiceException;
}
