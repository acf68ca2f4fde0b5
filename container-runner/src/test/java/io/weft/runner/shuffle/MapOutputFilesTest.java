package io.weft.runner.shuffle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.MapOutputId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MapOutputFilesTest {
    private static final List<byte[]> PARTITIONS = List.of(new byte[3], new byte[0], new byte[5]);

    @TempDir
    Path folder;

    private Path output;
    private MapOutputFiles files;

    @BeforeEach
    void makeOutputFolder() throws IOException {
        output = folder.resolve("output");
        files = new MapOutputFiles(List.of(output));
    }

    @Test
    void publishesByRenameWithModesTheNodeManagerCanRead() throws IOException {
        MapOutputId id = TestingMapOutputs.id(17);
        Path temporary = TestingMapOutputs.write(output, id, PARTITIONS);
        MapOutputFiles.Published published = files.publish(temporary, id);
        assertEquals(new MapOutputFiles.Published(output.resolve("weft_1715_0042_s3_m17_a0"), 3, 8), published);
        assertFalse(Files.exists(temporary));
        assertEquals("rwxr-x---", mode(published.path()));
        assertEquals("rwxr-x---", mode(output));
        assertEquals("rw-r-----", mode(published.path().resolve("file.out")));
        assertEquals("rw-r-----", mode(published.path().resolve("file.out.index")));
        assertEquals(published.path(), files.find(id.folder()).orElseThrow());
        MapOutputIndex index = MapOutputIndex.read(published.path());
        assertEquals(3, index.offset(2));
        assertEquals(5, index.length(1, 3));
    }

    @Test
    void refusesAndDeletesAnOutputWithADamagedIndex() throws IOException {
        MapOutputId id = TestingMapOutputs.id(0);
        for (int damagedByte : new int[] {0, 23, 79}) {
            Path temporary = TestingMapOutputs.write(output, id, PARTITIONS);
            Path index = temporary.resolve(MapOutputIndex.INDEX_FILE);
            byte[] bytes = Files.readAllBytes(index);
            bytes[damagedByte] ^= 1;
            Files.write(index, bytes);
            assertThrows(IOException.class, () -> files.publish(temporary, id));
            assertFalse(Files.exists(temporary));
        }
    }

    @Test
    void refusesADataFileOfAnotherLength() throws IOException {
        MapOutputId id = TestingMapOutputs.id(0);
        Path temporary = TestingMapOutputs.write(output, id, PARTITIONS);
        Files.write(temporary.resolve(MapOutputIndex.DATA_FILE), new byte[7]);
        IOException failure = assertThrows(IOException.class, () -> files.publish(temporary, id));
        assertTrue(
                failure.getMessage().endsWith("ends at byte 8, but the data file has 7 bytes"), failure.getMessage());
    }

    @Test
    void neverPublishesAnIdTwice() throws IOException {
        MapOutputId id = TestingMapOutputs.id(0);
        files.publish(TestingMapOutputs.write(output, id, PARTITIONS), id);
        Path again = TestingMapOutputs.write(output, id, PARTITIONS);
        assertThrows(IOException.class, () -> files.publish(again, id));
        assertTrue(files.find(id.folder()).isPresent());
    }

    @Test
    void touchesNoFolderOutsideItsOwn() throws IOException {
        MapOutputId id = TestingMapOutputs.id(0);
        Path foreign = TestingMapOutputs.write(folder.resolve("elsewhere"), id, PARTITIONS);
        assertThrows(IOException.class, () -> files.publish(foreign, id));
        assertTrue(Files.exists(foreign.resolve(MapOutputIndex.DATA_FILE)));
    }

    @Test
    void dropsTheOutputsOfOneShuffleOnly() throws IOException {
        MapOutputId kept = new MapOutputId(TestingMapOutputs.APPLICATION, 4, 0, 0);
        MapOutputId dropped = TestingMapOutputs.id(0);
        for (MapOutputId id : List.of(kept, dropped)) {
            files.publish(TestingMapOutputs.write(output, id, PARTITIONS), id);
        }
        files.drop(3);
        assertTrue(Files.exists(output.resolve(kept.folder())));
        assertFalse(Files.exists(output.resolve(dropped.folder())));
        assertTrue(files.find(dropped.folder()).isEmpty());
    }

    @Test
    void leavesNothingBehindButWhatLivingWorkersWrite() throws IOException {
        MapOutputId id = TestingMapOutputs.id(0);
        files.publish(TestingMapOutputs.write(output, id, PARTITIONS), id);
        Path dead = output.resolve(".tmp-999999999999-weft_1715_0042_s3_m1_a0");
        Path living = output.resolve(".tmp-" + ProcessHandle.current().pid() + "-weft_1715_0042_s3_m2_a0");
        for (Path folder : List.of(dead, living)) {
            Files.createDirectory(folder);
            Files.createFile(folder.resolve("file.out"));
        }
        files.dropAll();
        try (Stream<Path> left = Files.list(output)) {
            assertEquals(List.of(living), left.toList());
        }
    }

    @Test
    void deletesWhatADeadWorkerLeft() throws IOException {
        Path left = TestingMapOutputs.write(output, TestingMapOutputs.id(1), PARTITIONS);
        files.discardOf(471);
        assertTrue(Files.exists(left));
        files.discardOf(4711);
        assertFalse(Files.exists(left));
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
