package io.weft.runner.input;

import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.RecordFormat;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.lib.input.CombineFileSplit;

/**
 * Whole files, one after the other, of any size: {@code u32 length | path}, then {@code u32 n | n bytes} as often as needed, then
 * {@code u32 0}. Compressed text is unpacked.
 */
public final class FilesInput extends GuardedInput {
    private static final int BLOCK_BYTES = 1 << 20;
    /** A block with less room than this is sent. */
    private static final int LEAST_ROOM_BYTES = 4 << 10;

    private final InputSpec.Records spec;
    private final Configuration hadoop;
    private final boolean text;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
    private Path[] paths;
    /** Index of the file read now. */
    private int current;

    private long position;
    private InputStream stream;

    private FilesInput(InputSpec.Records spec, Configuration hadoop) {
        this.spec = spec;
        this.hadoop = hadoop;
        text = spec.format().view() == RecordFormat.View.TEXTS;
    }

    /** Files are opened when their first byte is asked for. */
    public static FilesInput open(InputSpec.Records spec, Configuration hadoop) {
        return new FilesInput(spec, hadoop);
    }

    @Override
    Optional<Item> read() throws IOException {
        if (paths == null) {
            CombineFileSplit split = new CombineFileSplit();
            split.readFields(new DataInputStream(new ByteArrayInputStream(spec.split())));
            paths = split.getPaths();
        }
        fill();
        return block.hasRemaining() ? Optional.of(new Bytes(block)) : Optional.empty();
    }

    private void fill() throws IOException {
        block.clear();
        while (current < paths.length) {
            if (stream == null && !begin()) {
                break;
            }
            int start = block.position();
            int room = block.remaining() - 2 * Integer.BYTES;
            if (room < LEAST_ROOM_BYTES) {
                break;
            }
            int count = stream.readNBytes(block.array(), start + Integer.BYTES, room);
            position += count;
            if (count > 0) {
                block.putInt(count).position(start + Integer.BYTES + count);
            }
            if (count < room) {
                block.putInt(0);
                release();
                current++;
            }
        }
        block.flip();
    }

    /** Opens the next file, if the block has room for its name and more. */
    private boolean begin() throws IOException {
        byte[] name = paths[current].toString().getBytes(StandardCharsets.UTF_8);
        if (block.remaining() < name.length + LEAST_ROOM_BYTES && block.position() > 0) {
            return false;
        }
        position = 0;
        stream = text
                ? new TextFiles(hadoop).openWhole(paths[current])
                : FileRanges.open(paths[current], 0, Long.MAX_VALUE, hadoop);
        block.putInt(name.length).put(name);
        return true;
    }

    @Override
    void release() throws IOException {
        InputStream open = stream;
        stream = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    InputException explain(Exception e) {
        String path = paths == null || current >= paths.length ? "a file" : paths[current].toString();
        return FileRanges.explain(e, path, position);
    }
}
