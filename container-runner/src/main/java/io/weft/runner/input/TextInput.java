package io.weft.runner.input;

import io.weft.runner.protocol.InputSpec;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * Text splits as blocks of whole lines, about 1 MiB each: the lines that Hadoop's LineRecordReader would give, each ended by LF. Several
 * ranges come one after the other, small ones together in one piece; marks say which file is where. A line longer than a block comes in several blocks, of which only the last holds a LF.
 */
public final class TextInput extends GuardedInput {
    static final int BLOCK_BYTES = 1 << 20;
    private static final int MIN_BLOCK_BYTES = 64 << 10;
    /** The marks of a piece must fit into one frame. */
    private static final int MAX_MARKS = 2_000;

    private static final int MAX_MARKS_LETTERS = 512 << 10;

    private final List<InputSpec.FileRange> ranges;
    private final TextFiles files;
    private final Damage damage;
    private final byte[] buffer;
    /** Index of the range read now; the number of ranges when all are read. */
    private int current;

    private long delivered;
    /** Small files together; empty where there is one range only. */
    private final byte[] gathered;
    /** A block that has been read and not been given out, with its mark. */
    private Optional<Bytes> waiting = Optional.empty();

    /** The range read now; only the reading thread opens, reads and closes it while it reads. */
    private TextBlocks blocks;

    TextInput(InputSpec.Text spec, Configuration conf, int blockBytes, Damage damage) {
        this.damage = Objects.requireNonNull(damage, "damage is null");
        this.ranges = spec.ranges();
        this.files = new TextFiles(Objects.requireNonNull(conf, "conf is null"));
        this.buffer = new byte[blockBytes];
        this.gathered = new byte[ranges.size() > 1 ? Math.max(blockBytes, BLOCK_BYTES) : 0];
    }

    /** Files are opened when their first block is asked for. */
    public static TextInput open(InputSpec.Text spec, Configuration conf, Damage damage) {
        long longest = 0;
        for (InputSpec.FileRange range : spec.ranges()) {
            longest = Math.max(longest, range.wholeFile() ? BLOCK_BYTES : range.length());
        }
        long wanted = longest + MIN_BLOCK_BYTES;
        return new TextInput(spec, conf, (int) Math.min(BLOCK_BYTES, wanted), damage);
    }

    /** The file that is read now, or was read last; empty without any. */
    public Optional<String> path() {
        return ranges.isEmpty() ? Optional.empty() : Optional.of(range().path());
    }

    /** Bytes delivered so far, over all ranges. */
    public long bytesDelivered() {
        return delivered;
    }

    @Override
    Optional<Item> read() throws IOException {
        return nextPiece().map(Item.class::cast);
    }

    /** The next block, or several small ones that fit into one piece. */
    private Optional<Bytes> nextPiece() throws IOException {
        List<FileMark> marks = new ArrayList<>();
        int filled = 0;
        int names = 0;
        while (waiting.isPresent() || readBlock()) {
            ByteBuffer block = waiting.get().buffer();
            FileMark mark = waiting.get().marks().get(0);
            if (filled == 0 && block.remaining() > gathered.length / 2) {
                Optional<Bytes> whole = waiting;
                waiting = Optional.empty();
                return whole;
            }
            names += mark.path().length() + mark.ends().length();
            if (filled + block.remaining() > gathered.length
                    || marks.size() == MAX_MARKS
                    || names > MAX_MARKS_LETTERS) {
                break;
            }
            marks.add(new FileMark(filled, mark.path(), mark.start(), mark.ends()));
            int length = block.remaining();
            block.get(gathered, filled, length);
            filled += length;
            waiting = Optional.empty();
        }
        return filled == 0 ? Optional.empty() : Optional.of(new Bytes(ByteBuffer.wrap(gathered, 0, filled), -1, marks));
    }

    private boolean readBlock() throws IOException {
        Optional<ByteBuffer> block = nextBlock();
        waiting = block.map(
                bytes -> new Bytes(bytes, -1, List.of(new FileMark(0, range().path(), blocks.begin(), blocks.ends()))));
        return waiting.isPresent();
    }

    private Optional<ByteBuffer> nextBlock() throws IOException {
        while (current < ranges.size()) {
            Optional<ByteBuffer> block = blockOfRange();
            if (block.isPresent()) {
                delivered += block.get().remaining();
                return block;
            }
            release();
            current++;
        }
        return Optional.empty();
    }

    /** Empty at the range's end, and where its file is damaged and the rest may be left out. */
    private Optional<ByteBuffer> blockOfRange() throws IOException {
        try {
            if (blocks == null) {
                blocks = files.open(range(), buffer);
            }
            return blocks.next();
        } catch (IOException | RuntimeException e) {
            InputException why = explain(e);
            boolean content =
                    why.code().equals(InputException.DAMAGED) && !(e instanceof TextFiles.CodecMissingException);
            if (content && damage.isLeftOut(why)) {
                return Optional.empty();
            }
            throw why;
        }
    }

    @Override
    void release() throws IOException {
        TextBlocks open = blocks;
        blocks = null;
        if (open != null) {
            open.close();
        }
    }

    private InputSpec.FileRange range() {
        return ranges.get(Math.min(current, ranges.size() - 1));
    }

    @Override
    InputException explain(Exception e) {
        if (e instanceof InputException explained) {
            return explained;
        }
        String path = range().path();
        TextBlocks open = blocks;
        long offset = open == null ? range().start() : open.position();
        Optional<InputException> refusal = FileRanges.refusal(e, path, offset);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        if (e instanceof TextFiles.CodecMissingException) {
            return new InputException(
                    InputException.DAMAGED, path + " cannot be decompressed: " + e.getMessage(), path, offset, e);
        }
        Optional<String> compression = files.compression(path);
        if (compression.isPresent() && !TextFiles.isTransport(e)) {
            return new InputException(
                    InputException.DAMAGED, damage(compression.get(), path, offset, e), path, offset, e);
        }
        return FileRanges.failure(e, path, offset);
    }

    private String damage(String compression, String path, long offset, Exception e) {
        Optional<String> other = offset == 0 ? files.notCompressed(path) : Optional.empty();
        if (other.isPresent()) {
            return path + " is not a " + compression + " file, as its name says: " + other.get()
                    + ".\nRename it if it is plain text, or leave it out of the input.";
        }
        String what = e instanceof EOFException ? "stream ends early" : "stream is not valid (" + e.getMessage() + ")";
        return String.format(
                "%s is damaged: %s %s after %,d bytes of text.\nReplace it, or leave it out of the input.",
                path, compression, what, offset);
    }
}
