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
 * {@code u32 0}, or {@code u32 0xffffffff} where the file turns out to be damaged and does not count. Compressed text is unpacked.
 */
public final class FilesInput extends GuardedInput {
    private static final int BLOCK_BYTES = 1 << 20;
    /** A block with less room than this is sent. */
    private static final int LEAST_ROOM_BYTES = 4 << 10;

    private static final int DOES_NOT_COUNT = -1;

    private final InputSpec.Records spec;
    private final Configuration hadoop;
    private final boolean text;
    private final Damage damage;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
    private Path[] paths;
    /** Index of the file read now. */
    private int current;

    private long position;
    private InputStream stream;

    private FilesInput(InputSpec.Records spec, Configuration hadoop, Damage damage) {
        this.damage = damage;
        this.spec = spec;
        this.hadoop = hadoop;
        text = spec.format().view() == RecordFormat.View.TEXTS;
    }

    /** Files are opened when their first byte is asked for. */
    public static FilesInput open(InputSpec.Records spec, Configuration hadoop, Damage damage) {
        return new FilesInput(spec, hadoop, damage);
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
            if (stream == null) {
                Begun begun = begin();
                if (begun == Begun.LATER) {
                    break;
                } else if (begun == Begun.NEVER) {
                    current++;
                    continue;
                }
            }
            int start = block.position();
            int room = block.remaining() - 2 * Integer.BYTES;
            if (room < LEAST_ROOM_BYTES) {
                break;
            }
            int count = unpack(start + Integer.BYTES, room);
            if (count == DOES_NOT_COUNT) {
                block.putInt(DOES_NOT_COUNT);
                release();
                current++;
                continue;
            }
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

    private int unpack(int start, int room) throws IOException {
        try {
            return stream.readNBytes(block.array(), start, room);
        } catch (IOException | RuntimeException e) {
            if (isLeftOut(e)) {
                return DOES_NOT_COUNT;
            }
            throw e;
        }
    }

    private boolean isLeftOut(Exception e) {
        boolean content = text
                && new TextFiles(hadoop).compression(paths[current].toString()).isPresent()
                && !TextFiles.isTransport(e)
                && !(e instanceof TextFiles.CodecMissingException)
                && FileRanges.refusal(e, "", 0).isEmpty();
        return content && damage.isLeftOut(explain(e));
    }

    /** What became of a file that is next. */
    private enum Begun {
        /** Its name stands in the block, and its stream is open. */
        NOW,
        /** The block is full. */
        LATER,
        /** It is damaged, and left out. */
        NEVER
    }

    /** Opens the next file, if the block has room for its name and more. */
    private Begun begin() throws IOException {
        byte[] name = paths[current].toString().getBytes(StandardCharsets.UTF_8);
        if (block.remaining() < name.length + LEAST_ROOM_BYTES && block.position() > 0) {
            return Begun.LATER;
        }
        position = 0;
        try {
            stream = text
                    ? new TextFiles(hadoop).openWhole(paths[current])
                    : FileRanges.open(paths[current], 0, Long.MAX_VALUE, hadoop);
        } catch (IOException | RuntimeException e) {
            if (isLeftOut(e)) {
                return Begun.NEVER;
            }
            throw e;
        }
        block.putInt(name.length).put(name);
        return Begun.NOW;
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
