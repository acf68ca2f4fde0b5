/**
 * The transport of the link: Hadoop RPC (ProtobufRpcEngine2) with one method that carries a BytesValue each way, so that
 * the same class files run under the shaded and the unshaded Hadoop jars without generated code. A call in is a {@link
 * io.weft.runner.protocol.Link} message; the answer may come later (long poll). Callers hold the application's token; SIMPLE
 * is refused whatever the cluster allows.
 */
package io.weft.runner.rpc;
