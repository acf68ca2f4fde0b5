package io.weft.runner.rpc;

import java.io.IOException;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.ipc.ProtobufRpcEngine2;
import org.apache.hadoop.ipc.ProtobufRpcEngineCallback2;
import org.apache.hadoop.ipc.RPC;
import org.apache.hadoop.thirdparty.protobuf.BlockingService;
import org.apache.hadoop.thirdparty.protobuf.ByteString;
import org.apache.hadoop.thirdparty.protobuf.BytesValue;
import org.apache.hadoop.thirdparty.protobuf.DescriptorProtos.FileDescriptorProto;
import org.apache.hadoop.thirdparty.protobuf.DescriptorProtos.MethodDescriptorProto;
import org.apache.hadoop.thirdparty.protobuf.DescriptorProtos.ServiceDescriptorProto;
import org.apache.hadoop.thirdparty.protobuf.Descriptors;
import org.apache.hadoop.thirdparty.protobuf.Message;
import org.apache.hadoop.thirdparty.protobuf.RpcController;
import org.apache.hadoop.thirdparty.protobuf.WrappersProto;

/** Serves {@link RunnerProtocol}; calls go to a {@link Handler} on Hadoop's handler threads and may be answered later. */
public final class RpcServer implements AutoCloseable {
    /** Receives one message and answers it exactly once, now or later, from any thread. */
    public interface Handler {
        void call(byte[] message, Reply reply);
    }

    /** Where the answer goes. */
    public interface Reply {
        void send(byte[] message);

        void fail(Exception error);
    }

    private static final int HANDLERS = 4;

    private final RPC.Server server;

    public RpcServer(Configuration cluster, String bindHost, ApplicationSecret secret, Handler handler)
            throws IOException {
        Configuration conf = RpcSettings.server(cluster);
        server = new RPC.Builder(conf)
                .setProtocol(RunnerProtocol.class)
                .setInstance(new Service(handler))
                .setBindAddress(bindHost)
                .setPort(0)
                .setNumHandlers(HANDLERS)
                .setSecretManager(secret)
                .build();
        server.start();
    }

    public int port() {
        return server.getListenerAddress().getPort();
    }

    @Override
    public void close() {
        server.stop();
    }

    private static Descriptors.ServiceDescriptor descriptor() {
        FileDescriptorProto file = FileDescriptorProto.newBuilder()
                .setName("weft.proto")
                .setPackage("io.weft")
                .addDependency("google/protobuf/wrappers.proto")
                .addService(ServiceDescriptorProto.newBuilder()
                        .setName("Runner")
                        .addMethod(MethodDescriptorProto.newBuilder()
                                .setName("call")
                                .setInputType(".google.protobuf.BytesValue")
                                .setOutputType(".google.protobuf.BytesValue")))
                .build();
        try {
            return Descriptors.FileDescriptor.buildFrom(
                            file, new Descriptors.FileDescriptor[] {WrappersProto.getDescriptor()})
                    .findServiceByName("Runner");
        } catch (Descriptors.DescriptorValidationException e) {
            throw new IllegalStateException("the service descriptor is wrong", e);
        }
    }

    private static final class Service implements BlockingService {
        private final Descriptors.ServiceDescriptor descriptor = descriptor();
        private final Handler handler;

        Service(Handler handler) {
            this.handler = handler;
        }

        @Override
        public Descriptors.ServiceDescriptor getDescriptorForType() {
            return descriptor;
        }

        @Override
        public Message callBlockingMethod(
                Descriptors.MethodDescriptor method, RpcController controller, Message request) {
            ProtobufRpcEngineCallback2 callback = ProtobufRpcEngine2.Server.registerForDeferredResponse2();
            Consumer<byte[]> answer = bytes -> callback.setResponse(BytesValue.of(ByteString.copyFrom(bytes)));
            Reply reply = new Reply() {
                @Override
                public void send(byte[] message) {
                    answer.accept(message);
                }

                @Override
                public void fail(Exception error) {
                    callback.error(error);
                }
            };
            try {
                handler.call(((BytesValue) request).getValue().toByteArray(), reply);
            } catch (RuntimeException e) {
                callback.error(e);
            }
            return null;
        }

        @Override
        public Message getRequestPrototype(Descriptors.MethodDescriptor method) {
            return BytesValue.getDefaultInstance();
        }

        @Override
        public Message getResponsePrototype(Descriptors.MethodDescriptor method) {
            return BytesValue.getDefaultInstance();
        }
    }
}
