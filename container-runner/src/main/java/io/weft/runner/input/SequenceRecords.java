package io.weft.runner.input;

import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.SequenceFile;

/**
 * The records of a split of a sequence file, pickled from the bytes of the file: Hadoop's own reader asks its stream for single bytes
 * and makes an object of each key and value, which takes several times as long. It still reads the header, and all that is not here:
 * old versions of the format, values that are compressed one by one, other classes than {@link RawWritable} has.
 *
 * <p>A record belongs to the split in which the mark before it begins; those before the first mark to a split that begins within the
 * header. One thread.
 */
final class SequenceRecords implements PickledRecords {
    private static final byte VERSION = 6;
    private static final int MARK_BYTES = 16;
    private static final int ESCAPE = -1;

    /** Where a column's values go, and what they are. */
    record Column(RawWritable type, Optional<PickleBuffer> to, boolean bytesAsBytes) {
        void write(byte[] from, int at, int length) throws IOException {
            if (to.isPresent()) {
                type.pickle(from, at, length, to.get(), bytesAsBytes);
            }
        }
    }

    private final SequenceFile.Reader header;
    private final ByteWindow window;
    private final byte[] mark;
    private final long splitEnd;
    private final Column keys;
    private final Column values;
    private final Optional<SequenceBlock> block;
    private boolean ended;

    private SequenceRecords(
            SequenceFile.Reader header,
            ByteWindow window,
            byte[] mark,
            long splitEnd,
            Column keys,
            Column values,
            Optional<SequenceBlock> block) {
        this.header = header;
        this.window = window;
        this.mark = mark;
        this.splitEnd = splitEnd;
        this.keys = keys;
        this.values = values;
        this.block = block;
    }

    /**
     * Opens a split, if it can be read so.
     *
     * @param keys where keys go; empty if they are not wanted
     */
    static Optional<PickledRecords> open(
            Path path, long start, long length, Optional<PickleBuffer> keys, PickleBuffer values, Configuration conf)
            throws IOException {
        if (conf.getBoolean("io.skip.checksum.errors", false)) {
            return Optional.empty();
        }
        FileSystem files = path.getFileSystem(conf);
        long fileLength = files.getFileStatus(path).getLen();
        FSDataInputStream in = files.open(path);
        boolean opened = false;
        try {
            byte[] magic = new byte[4];
            if (fileLength < magic.length) {
                return Optional.empty();
            }
            in.readFully(0, magic);
            if (magic[3] != VERSION) {
                return Optional.empty();
            }
            var header = new SequenceFile.Reader(
                    conf, SequenceFile.Reader.stream(in), SequenceFile.Reader.length(fileLength));
            Optional<RawWritable> keyType = RawWritable.of(header.getKeyClassName());
            Optional<RawWritable> valueType = RawWritable.of(header.getValueClassName());
            boolean one = header.isCompressed() && !header.isBlockCompressed();
            if (keyType.isEmpty() || valueType.isEmpty() || one) {
                return Optional.empty();
            }
            long first = header.getPosition();
            byte[] mark = new byte[MARK_BYTES];
            in.readFully(first - MARK_BYTES, mark);
            var records = new SequenceRecords(
                    header,
                    new ByteWindow(in, fileLength),
                    mark,
                    start + length,
                    new Column(keyType.get(), keys, false),
                    new Column(valueType.get(), Optional.of(values), keys.isEmpty()),
                    header.isBlockCompressed()
                            ? Optional.of(new SequenceBlock(header.getCompressionCodec()))
                            : Optional.empty());
            records.begin(start, first);
            opened = true;
            return Optional.of(records);
        } finally {
            if (!opened) {
                in.close();
            }
        }
    }

    /** Goes to the first record of the split. */
    private void begin(long start, long first) throws IOException {
        if (start <= first) {
            window.seek(first);
        } else if (window.find(mark, start + Integer.BYTES)) {
            window.seek(window.position() - Integer.BYTES);
        } else {
            ended = true;
        }
        ended = ended || window.position() >= splitEnd;
    }

    @Override
    public boolean next() throws IOException {
        if (block.isPresent()) {
            return nextOfBlock(block.get());
        }
        int length = ended ? ESCAPE : nextLength();
        if (length == ESCAPE) {
            ended = true;
            return false;
        }
        int keyLength = window.takeInt();
        if (keyLength < 0 || keyLength > length) {
            throw damaged("a record has " + length + " bytes, its key " + keyLength);
        }
        window.need(length);
        keys.write(window.bytes(), window.at(), keyLength);
        values.write(window.bytes(), window.at() + keyLength, length - keyLength);
        window.skip(length);
        return true;
    }

    /** The length of the next record, behind marks; ESCAPE at the end of the split. */
    private int nextLength() throws IOException {
        while (window.remaining() > 0) {
            long begin = window.position();
            int length = window.takeInt();
            if (length >= 0) {
                return length;
            }
            if (length != ESCAPE) {
                throw damaged("a record has " + length + " bytes");
            }
            if (begin >= splitEnd) {
                return ESCAPE;
            }
            takeMark();
        }
        return ESCAPE;
    }

    private boolean nextOfBlock(SequenceBlock current) throws IOException {
        while (!current.hasNext()) {
            ended = ended || window.remaining() == 0 || window.position() >= splitEnd;
            if (ended) {
                return false;
            }
            if (window.takeInt() != ESCAPE) {
                throw damaged("no block begins where the one before it ends");
            }
            takeMark();
            current.read(window, keys.to().isPresent());
        }
        current.next(keys, values);
        return true;
    }

    private void takeMark() throws IOException {
        window.need(MARK_BYTES);
        int at = window.at();
        if (!Arrays.equals(window.bytes(), at, at + MARK_BYTES, mark, 0, MARK_BYTES)) {
            throw damaged("it has another mark than its header says");
        }
        window.skip(MARK_BYTES);
    }

    private IOException damaged(String why) {
        return new IOException("the file is damaged before byte " + window.position() + ": " + why);
    }

    @Override
    public void close() throws IOException {
        try (Closeable file = header) {
            block.ifPresent(SequenceBlock::release);
        }
    }
}
