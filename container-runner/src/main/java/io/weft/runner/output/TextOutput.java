package io.weft.runner.output;

import io.weft.runner.protocol.OutputSpec;
import io.weft.runner.protocol.TaskAttemptId;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CodecPool;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.Compressor;

/** One attempt's part file. */
public final class TextOutput implements PartOutput {
    private static final int BUFFER_BYTES = 64 << 10;

    private final OutputSpec.TextFile spec;
    private final OutputCommitters.Committer committer;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private OutputStream stream;
    private Compressor compressor;
    private long bytes;
    private boolean ended;

    private TextOutput(OutputSpec.TextFile spec, OutputCommitters.Committer committer) {
        this.spec = spec;
        this.committer = committer;
    }

    /** Opens part {@code id.partition()} of a save; {@code conf} as the ApplicationMaster's JobOutput had it. */
    public static TextOutput open(OutputSpec.TextFile spec, TaskAttemptId id, Configuration conf) throws IOException {
        Objects.requireNonNull(id, "id is null");
        Configuration own = OutputCommitters.configuration(spec, conf);
        TextOutput output = new TextOutput(spec, OutputCommitters.open(spec, id.partition(), id.attempt(), own));
        try {
            output.openFile(id, own);
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
            if (text.hasArray()) {
                stream.write(text.array(), text.arrayOffset() + text.position(), text.remaining());
                text.position(text.limit());
                return;
            }
            while (text.hasRemaining()) {
                int count = Math.min(buffer.length, text.remaining());
                text.get(buffer, 0, count);
                stream.write(buffer, 0, count);
            }
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
            closeFile();
        } catch (IOException | FSError e) {
            throw OutputCommitters.explain(spec.path() + " cannot be written", e);
        }
    }

    @Override
    public void commit() throws IOException {
        if (stream != null) {
            throw new IllegalStateException("commit before finish");
        }
        try {
            if (committer.committer().needsTaskCommit(committer.context())) {
                committer.committer().commitTask(committer.context());
            }
            ended = true;
        } catch (IOException e) {
            throw OutputCommitters.explain("a part of " + spec.path() + " cannot be committed", e);
        }
    }

    @Override
    public void abort() throws IOException {
        if (ended) {
            return;
        }
        ended = true;
        try {
            closeFile();
        } catch (FSError e) {
            throw new IOException(e.getMessage(), e);
        } finally {
            committer.committer().abortTask(committer.context());
        }
    }

    @Override
    public void close() throws IOException {
        abort();
    }

    private void openFile(TaskAttemptId id, Configuration own) throws IOException {
        committer.committer().setupTask(committer.context());
        String name = String.format("part-%05d%s", id.partition(), spec.suffix());
        CompressionCodec codec =
                spec.codec().isPresent() ? OutputCodecs.open(spec.codec().get(), own) : null;
        Path file = new Path(
                committer.committer().getWorkPath(), codec == null ? name : name + codec.getDefaultExtension());
        FileSystem files = file.getFileSystem(own);
        OutputStream raw = files.create(file, false);
        if (codec == null) {
            stream = raw;
            return;
        }
        try {
            compressor = CodecPool.getCompressor(codec, own);
            stream = codec.createOutputStream(raw, compressor);
        } catch (IOException | RuntimeException | LinkageError e) {
            raw.close();
            throw e;
        }
    }

    private void closeFile() throws IOException {
        OutputStream open = stream;
        stream = null;
        try {
            if (open != null) {
                open.close();
            }
        } finally {
            CodecPool.returnCompressor(compressor);
            compressor = null;
        }
    }
}
