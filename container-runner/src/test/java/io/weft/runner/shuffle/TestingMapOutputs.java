package io.weft.runner.shuffle;

import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/** Writes map outputs as a worker does. */
final class TestingMapOutputs {
    static final String APPLICATION = "application_1715_0042";

    private TestingMapOutputs() {}

    static MapOutputId id(int map) {
        return new MapOutputId(APPLICATION, 3, map, 0);
    }

    static byte[] bytes(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** A temporary folder in {@code output} with these partitions. */
    static Path write(Path output, MapOutputId id, List<byte[]> partitions) throws IOException {
        Path folder = Files.createDirectories(output.resolve(".tmp-4711-" + id.folder()));
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        ByteBuffer index = ByteBuffer.allocate(24 * partitions.size() + 8);
        for (byte[] partition : partitions) {
            index.putLong(data.size()).putLong(1).putLong(partition.length);
            data.write(partition);
        }
        CRC32 crc = new CRC32();
        crc.update(index.array(), 0, index.position());
        index.putLong(crc.getValue());
        Files.write(folder.resolve(MapOutputIndex.DATA_FILE), data.toByteArray());
        Files.write(folder.resolve(MapOutputIndex.INDEX_FILE), index.array());
        return folder;
    }

    /** Writes and publishes an output, and describes it as made on {@code host}. */
    static MapOutput publish(MapOutputFiles files, int map, List<byte[]> partitions, String host, int blockPort)
            throws IOException {
        MapOutputId id = id(map);
        MapOutputFiles.Published published = files.publish(write(files.folders().get(0), id, partitions), id);
        return new MapOutput(
                id,
                "runner of " + host,
                host,
                blockPort,
                0,
                published.path().toString(),
                published.partitions(),
                published.bytes());
    }
}
