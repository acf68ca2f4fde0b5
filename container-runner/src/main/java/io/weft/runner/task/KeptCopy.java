package io.weft.runner.task;

import io.weft.runner.input.InputSource;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.shuffle.MapOutputIndex;
import io.weft.runner.shuffle.Part;
import io.weft.runner.shuffle.ShuffleInput;
import io.weft.runner.shuffle.ShuffleReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/** Brings a persisted partition of another runner into a folder that can be published here. */
final class KeptCopy {
    private static final int INDEX_BYTES = 24;

    private KeptCopy() {}

    /** The folder that was written, below {@code parent}; nothing is left when it fails. */
    static Path write(MapOutput from, Path parent, ShuffleReader reader) throws IOException {
        Path folder = Files.createTempDirectory(
                parent, ".tmp-" + ProcessHandle.current().pid() + "-copy-");
        boolean whole = false;
        try {
            long bytes = data(from, folder.resolve(MapOutputIndex.DATA_FILE), reader);
            if (bytes != from.bytes()) {
                throw new IOException("it has " + from.bytes() + " bytes, but " + bytes + " came");
            }
            Files.write(folder.resolve(MapOutputIndex.INDEX_FILE), index(bytes));
            whole = true;
            return folder;
        } finally {
            if (!whole) {
                Files.deleteIfExists(folder.resolve(MapOutputIndex.DATA_FILE));
                Files.deleteIfExists(folder.resolve(MapOutputIndex.INDEX_FILE));
                Files.deleteIfExists(folder);
            }
        }
    }

    private static long data(MapOutput from, Path file, ShuffleReader reader) throws IOException {
        try (ShuffleInput input = reader.open(List.of(from), Part.all(0, 1));
                FileChannel to = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (Optional<InputSource.Item> item = input.next(); item.isPresent(); item = input.next()) {
                if (item.get() instanceof InputSource.Bytes bytes) {
                    ByteBuffer buffer = bytes.buffer();
                    while (buffer.hasRemaining()) {
                        to.write(buffer);
                    }
                } else if (item.get() instanceof InputSource.LocalPart part) {
                    local(part, to);
                }
            }
            return to.size();
        }
    }

    private static void local(InputSource.LocalPart part, FileChannel to) throws IOException {
        try (FileChannel from = FileChannel.open(part.path(), StandardOpenOption.READ)) {
            long done = 0;
            while (done < part.length()) {
                long count = from.transferTo(part.offset() + done, part.length() - done, to);
                if (count <= 0) {
                    throw new IOException(part.path() + " ends after " + done + " of " + part.length() + " bytes");
                }
                done += count;
            }
        }
    }

    /** Of one partition; how many records it has is not known, and nobody asks that of a copy. */
    private static byte[] index(long bytes) {
        ByteBuffer index = ByteBuffer.allocate(INDEX_BYTES + Long.BYTES);
        index.putLong(0).putLong(0).putLong(bytes);
        CRC32 crc = new CRC32();
        crc.update(index.array(), 0, INDEX_BYTES);
        return index.putLong(crc.getValue()).array();
    }
}
