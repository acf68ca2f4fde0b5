package io.weft.runner.input;

import io.weft.runner.protocol.InputSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;
import org.apache.hadoop.mapreduce.lib.input.LineRecordReader;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;

/**
 * Lines of a range of a file whose codec can be split (bzip2), read by Hadoop's own LineRecordReader: where such a range starts and ends
 * is known to the codec alone, and decompression costs far more than a call per line.
 */
final class RecordBlocks implements TextBlocks {
    /** An array that is handed out without a copy. */
    private static final class Block extends ByteArrayOutputStream {
        Block(int size) {
            super(size);
        }

        ByteBuffer bytes() {
            return ByteBuffer.wrap(buf, 0, count);
        }
    }

    private final LineRecordReader reader = new LineRecordReader();
    private final int blockBytes;
    private final Block block;
    private long position;
    private long begin;
    /** Why the reader ended before its end; null while it has not failed. */
    private Exception failure;

    RecordBlocks(InputSpec.FileRange range, int blockBytes, Configuration conf) throws IOException {
        this.blockBytes = blockBytes;
        this.block = new Block(blockBytes + 256);
        FileSplit split = new FileSplit(new Path(range.path()), range.start(), range.length(), new String[0]);
        reader.initialize(split, new TaskAttemptContextImpl(conf, new TaskAttemptID()));
    }

    @Override
    public Optional<ByteBuffer> next() throws IOException {
        block.reset();
        begin = position;
        while (block.size() < blockBytes && readLine()) {
            Text line = reader.getCurrentValue();
            block.write(line.getBytes(), 0, line.getLength());
            block.write(ByteScan.LF);
            position += line.getLength() + 1;
        }
        if (block.size() > 0) {
            return Optional.of(block.bytes());
        }
        if (failure instanceof IOException broken) {
            throw broken;
        } else if (failure instanceof RuntimeException broken) {
            throw broken;
        }
        return Optional.empty();
    }

    /** The lines before a failure are given first. */
    private boolean readLine() {
        try {
            return failure == null && reader.nextKeyValue();
        } catch (IOException | RuntimeException e) {
            failure = e;
            return false;
        }
    }

    @Override
    public long begin() {
        return begin;
    }

    /** Not known: Hadoop's reader keeps the line ends to itself. */
    @Override
    public String ends() {
        return WideEnds.NONE;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
