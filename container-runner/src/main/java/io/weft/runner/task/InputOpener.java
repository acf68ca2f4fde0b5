package io.weft.runner.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.input.Damage;
import io.weft.runner.input.DataInput;
import io.weft.runner.input.FilesInput;
import io.weft.runner.input.InputSource;
import io.weft.runner.input.RawInput;
import io.weft.runner.input.RecordInput;
import io.weft.runner.input.TextInput;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.shuffle.Part;
import io.weft.runner.shuffle.ShuffleReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/** Opens the inputs, functions and broadcasts of a runner's tasks. Thread-safe. */
public final class InputOpener {
    private final Supplier<Configuration> hadoop;
    private final MasterBlocks master;
    private final ShuffleReader shuffles;
    private final BlobCache blobs;
    private final BroadcastFiles broadcasts;

    public InputOpener(
            Supplier<Configuration> hadoop,
            MasterBlocks master,
            ShuffleReader shuffles,
            BlobCache blobs,
            BroadcastFiles broadcasts) {
        this.hadoop = hadoop;
        this.master = master;
        this.shuffles = shuffles;
        this.blobs = blobs;
        this.broadcasts = broadcasts;
    }

    InputOpener withHadoop(Supplier<Configuration> other) {
        return new InputOpener(other, master, shuffles, blobs, broadcasts);
    }

    /** The file of a broadcast on this node; waits until it has come. */
    Path broadcast(int broadcast) throws IOException {
        return broadcasts.path(broadcast);
    }

    /** The bytes of a pickled function; the caller closes the stream. */
    InputStream blob(String hash) throws IOException {
        return blobs.open(hash);
    }

    /**
     * Opens one input.
     *
     * @param open the worker's OPEN object, which names the parts of a shuffle
     * @param outputs all outputs of the shuffle by map number, for a shuffle input; the persisted partition, for a cached one
     * @param damage what becomes of a damaged file
     */
    InputSource open(InputSpec spec, JsonNode open, List<MapOutput> outputs, Damage damage) throws IOException {
        if (spec instanceof InputSpec.Text text) {
            return TextInput.open(text, hadoop.get(), damage);
        }
        if (spec instanceof InputSpec.Raw raw) {
            int file = open.path("file").asInt(-1);
            if (file < 0 || file >= raw.ranges().size()) {
                throw new ProtocolException(
                        "OPEN of a file names none of " + raw.ranges().size() + ": " + open);
            }
            String path = raw.ranges().get(file).path();
            return open.path("size").asBoolean()
                    ? RawInput.size(path, hadoop.get())
                    : RawInput.range(
                            path, open.path("from").asLong(), open.path("to").asLong(), hadoop.get());
        }
        if (spec instanceof InputSpec.Records records) {
            return records.format().view().isOfFiles()
                    ? FilesInput.open(records, hadoop.get(), damage)
                    : RecordInput.open(records, hadoop.get(), damage);
        }
        if (spec instanceof InputSpec.Data data) {
            return DataInput.open(data, master.reader());
        }
        if (spec instanceof InputSpec.Cached cached) {
            return new CachedInput(
                    shuffles.nearestFirst(outputs),
                    one -> shuffles.open(List.of(one), Part.all(0, 1)),
                    cached.computable());
        }
        return shuffles.open(outputs, parts(open, outputs.size()));
    }

    private static List<Part> parts(JsonNode open, int maps) {
        if (open.has("all")) {
            return Part.all(open.path("all").asInt(-1), maps);
        }
        if (!open.path("parts").isArray()) {
            throw new ProtocolException("OPEN of a shuffle names neither parts nor all: " + open);
        }
        List<Part> parts = new ArrayList<>();
        for (JsonNode part : open.path("parts")) {
            parts.add(new Part(
                    part.path(0).asInt(-1), part.path(1).asInt(-1), part.path(2).asInt(-1)));
        }
        return parts;
    }
}
