package io.weft.runner.shuffle;

import io.weft.runner.protocol.MapOutput;
import java.io.Closeable;
import java.util.List;

/** Opens shuffle inputs for the tasks of one runner. Thread-safe. */
public final class ShuffleReader implements Closeable {
    /**
     * How YARN's mapreduce_shuffle is spoken to.
     *
     * @param job JobID of the application, such as job_1715_0042
     * @param key the HMAC key given to the service
     * @param algorithm JCA name of the HMAC, such as HmacSHA1
     */
    public record Service(String job, byte[] key, String algorithm) {}

    /** {@code host}: this runner's host, as its own MapOutputs name it; {@code service}: null where the cluster has none. */
    public ShuffleReader(String host, BlockClient client, Service service) {}

    /** {@code outputs}: of all maps, by map number. Parts are delivered in the order given. */
    public ShuffleInput open(List<MapOutput> outputs, List<Part> parts) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
