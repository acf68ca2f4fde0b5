package io.weft.runner.output;

import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.Path;

/** One attempt's part file. */
public final class TextOutput extends CommittedOutput {
    /** More files are not open at once; the one longest without use is closed, and begun anew as another. */
    private static final int MAX_OPEN = 64;

    private final OutputSpec.TextFile spec;
    private final OutputCommitters.Committer committer;
    private final int partition;
    private final Configuration conf;
    /** Open files by folder, the one used last at the end. */
    private final Map<String, PartFile> open = new LinkedHashMap<>(16, 0.75f, true);
    /** How many files each folder has got. */
    private final Map<String, Integer> counts = new HashMap<>();

    private PartFile current;
    private long bytes;

    private TextOutput(
            OutputSpec.TextFile spec, OutputCommitters.Committer committer, int partition, Configuration conf) {
        super(committer.committer(), committer.context(), spec.path());
        this.spec = spec;
        this.committer = committer;
        this.partition = partition;
        this.conf = conf;
    }

    /** Opens part {@code id.partition()} of a save; {@code conf} as the ApplicationMaster's JobOutput had it. */
    public static TextOutput open(OutputSpec.TextFile spec, TaskAttemptId id, Configuration conf) throws IOException {
        Objects.requireNonNull(id, "id is null");
        Configuration own = OutputCommitters.configuration(spec, conf);
        TextOutput output = new TextOutput(
                spec, OutputCommitters.open(spec, id.partition(), id.attempt(), own), id.partition(), own);
        try {
            output.committer.committer().setupTask(output.committer.context());
            if (!spec.parts().byKey()) {
                output.place("", false);
            }
            return output;
        } catch (IOException | FSError e) {
            output.close();
            throw OutputCommitters.explain(spec.path() + " cannot be written", e);
        } catch (RuntimeException | LinkageError e) {
            output.close();
            throw new OutputException(
                    OutputException.REFUSED,
                    "the codec " + spec.codec().orElse("") + " does not work here: " + e.getMessage()
                            + "\nIts native library may be missing; org.apache.hadoop.io.compress.GzipCodec needs none.",
                    e);
        }
    }

    @Override
    public void write(ByteBuffer text) throws IOException {
        bytes += text.remaining();
        try {
            if (current == null) {
                throw new IOException("records came without their folder");
            }
            current.write(text);
        } catch (IOException | FSError e) {
            throw OutputCommitters.explain(spec.path() + " cannot be written", e);
        }
    }

    /** Bytes of text written so far, before compression. */
    public long bytes() {
        return bytes;
    }

    @Override
    public void finish() throws IOException {
        try {
            closeFiles();
        } catch (IOException | FSError e) {
            throw OutputCommitters.explain(spec.path() + " cannot be written", e);
        }
    }

    @Override
    boolean isOpen() {
        return !open.isEmpty();
    }

    @Override
    void abandon() throws IOException {
        try {
            closeFiles();
        } catch (FSError e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void place(String folder, boolean last) throws IOException {
        try {
            PartFile file = open.get(folder);
            boolean full = spec.parts().targetBytes() > 0
                    && file != null
                    && file.storedBytes() >= spec.parts().targetBytes();
            if (file != null && (full || last)) {
                open.remove(folder);
                file.close();
                file = null;
            }
            current = file != null || last ? file : create(folder);
        } catch (IOException | FSError e) {
            throw OutputCommitters.explain(spec.path() + " cannot be written", e);
        }
    }

    private PartFile create(String folder) throws IOException {
        if (!folder.isEmpty() && !folder.matches("[^/_.][^/]*(/[^/_.][^/]*)*")) {
            throw new IOException("'" + folder + "' is no folder of an output");
        }
        if (open.size() >= MAX_OPEN) {
            String eldest = open.keySet().iterator().next();
            open.remove(eldest).close();
        }
        int number = counts.merge(folder, 1, Integer::sum) - 1;
        boolean numbered = number > 0 || spec.parts().targetBytes() > 0;
        String name = String.format("part-%05d", partition)
                + (numbered ? String.format("-%05d", number) : "")
                + spec.parts().unique()
                + spec.suffix();
        Path work = committer.committer().getWorkPath();
        PartFile file = PartFile.create(spec, folder.isEmpty() ? work : new Path(work, folder), name, conf);
        open.put(folder, file);
        return file;
    }

    /** Closes all, also when one of them fails. */
    private void closeFiles() throws IOException {
        current = null;
        IOException failure = null;
        for (PartFile file : new ArrayList<>(open.values())) {
            try {
                file.close();
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            } catch (FSError e) {
                IOException cause = e.getCause() instanceof IOException known ? known : new IOException(e);
                failure = failure == null ? cause : failure;
            }
        }
        open.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
