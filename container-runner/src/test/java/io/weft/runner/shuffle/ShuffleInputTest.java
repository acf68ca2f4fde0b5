package io.weft.runner.shuffle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.input.InputSource;
import io.weft.runner.protocol.MapOutput;
import io.weft.runner.protocol.MapOutputId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two runners: "here", whose files are read, and "127.0.0.1", which stands for another host. */
@Timeout(60)
class ShuffleInputTest {
    private static final String THERE = "127.0.0.1";
    private static final byte[] SECRET = new byte[32];
    private static final int PARTITIONS = 5;

    @TempDir
    Path folder;

    private MapOutputFiles filesHere;
    private MapOutputFiles filesThere;
    private BlockServer server;
    private BlockClient client;
    private ShuffleReader reader;
    private final List<MapOutput> outputs = new ArrayList<>();
    private final List<List<byte[]>> contents = new ArrayList<>();

    @BeforeEach
    void startRunners() throws IOException {
        filesHere = new MapOutputFiles(List.of(folder.resolve("here")));
        filesThere = new MapOutputFiles(List.of(folder.resolve("there")));
        server = BlockServer.start(THERE, SECRET, filesThere, new BlockStore(folder.resolve("blocks"), 0));
        client = new BlockClient(SECRET, 2_000, 5_000);
        reader = new ShuffleReader("here", client, null);
    }

    @AfterEach
    void stopRunners() {
        reader.close();
        client.close();
        server.close();
    }

    @Test
    void forgetsTheIndexesOfAShuffleThatIsDropped() throws IOException {
        addMap(0, 0, 100);
        assertTrue(reader.localIndex(outputs.get(0)).isPresent());
        filesHere.drop(outputs.get(0).id().shuffle());
        assertTrue(reader.localIndex(outputs.get(0)).isPresent(), "known still");
        reader.forget(outputs);
        assertTrue(reader.localIndex(outputs.get(0)).isEmpty());
    }

    @Test
    void deliversOnePartitionOfEveryMapInMapOrder() throws IOException {
        Random random = new Random(1);
        for (int map = 0; map < 60; map++) {
            addMap(
                    map,
                    random.nextInt(3) > 0 ? server.port() : 0,
                    random.nextInt(4) == 0 ? 0 : random.nextInt(700_000));
        }
        for (int partition = 0; partition < PARTITIONS; partition++) {
            assertDelivers(Part.all(partition, 60));
        }
    }

    @Test
    void deliversPartsInAnyOrderAskedAlsoThoseLargerThanWhatIsReadAhead() throws IOException {
        for (int map = 0; map < 6; map++) {
            addMap(map, map % 3 == 2 ? 0 : server.port(), 3_000_000);
        }
        List<Part> parts = new ArrayList<>();
        for (int map = 0; map < 6; map++) {
            parts.add(new Part(map, 0, PARTITIONS));
            parts.add(new Part(map, 2, 4));
            parts.add(new Part(map, 3, 3));
        }
        Collections.shuffle(parts, new Random(3));
        assertDelivers(parts);
    }

    @Test
    void readsFilesOfTheSameHostWithoutTheServer() throws IOException {
        addMap(0, 0, 1000);
        try (ShuffleInput input = reader.open(outputs, Part.all(2, 1))) {
            InputSource.LocalPart part = (InputSource.LocalPart) input.next().orElseThrow();
            assertEquals(Path.of(outputs.get(0).path()).resolve("file.out"), part.path());
            assertEquals(List.of(2000L, 1000L, 0), List.of(part.offset(), part.length(), part.map()));
            assertTrue(input.next().isEmpty());
        }
    }

    @Test
    void tellsWhichMapAByteCameFrom() throws IOException {
        addMap(0, server.port(), 1000);
        addMap(1, 0, 500);
        addMap(2, server.port(), 0);
        addMap(3, server.port(), 10);
        try (ShuffleInput input = reader.open(outputs, Part.all(0, 4))) {
            drain(input);
            assertEquals(1510, input.bytesDelivered());
            assertEquals(Optional.of(TestingMapOutputs.id(0)), input.mapAt(999));
            assertEquals(Optional.of(TestingMapOutputs.id(1)), input.mapAt(1000));
            assertEquals(Optional.of(TestingMapOutputs.id(3)), input.mapAt(1509));
            assertEquals(Optional.empty(), input.mapAt(1510));
        }
    }

    @Test
    void namesTheMapThatTheServerLost() throws IOException {
        for (int map = 0; map < 3; map++) {
            addMap(map, server.port(), 100);
        }
        Path lost = filesThere.find(TestingMapOutputs.id(1).folder()).orElseThrow();
        Files.delete(lost.resolve("file.out"));
        try (ShuffleInput input = reader.open(outputs, Part.all(0, 3))) {
            assertEquals(0, input.next().orElseThrow().map());
            FetchFailedException failure = assertThrows(FetchFailedException.class, input::next);
            assertEquals(List.of(TestingMapOutputs.id(1)), failure.lost());
            assertTrue(
                    failure.reason().startsWith("map output weft_1715_0042_s3_m1_a0 of runner of 127.0.0.1"),
                    failure.reason());
        }
    }

    @Test
    void namesAllMapsOfARunnerThatIsGone() throws IOException {
        addMap(0, 0, 100);
        for (int map = 1; map < 4; map++) {
            addMap(map, server.port(), 100);
        }
        server.close();
        try (ShuffleInput input = reader.open(outputs, Part.all(0, 4))) {
            assertEquals(0, input.next().orElseThrow().map());
            FetchFailedException failure = assertThrows(FetchFailedException.class, input::next);
            List<MapOutputId> lost = List.of(TestingMapOutputs.id(1), TestingMapOutputs.id(2), TestingMapOutputs.id(3));
            assertEquals(lost, failure.lost());
        }
    }

    @Test
    void fetchesAgainFromWhereABrokenConnectionStopped() throws Exception {
        try (BreakingProxy proxy = new BreakingProxy(server.port(), 2)) {
            for (int map = 0; map < 2; map++) {
                addMap(map, server.port(), 4_000_000);
                outputs.set(map, withPort(outputs.get(map), proxy.port()));
            }
            assertDelivers(List.of(new Part(0, 0, PARTITIONS), new Part(1, 0, PARTITIONS)));
            assertEquals(0, proxy.left());
        }
    }

    @Test
    void closingEndsAReadThatWaits() throws Exception {
        addMap(0, server.port(), 8_000_000);
        ShuffleInput input = reader.open(outputs, List.of(new Part(0, 0, PARTITIONS)));
        assertEquals(0, input.next().orElseThrow().map());
        input.close();
        assertTrue(input.next().isEmpty());
    }

    @Test
    void givesBackWhatItReadAheadHoweverItEnds() throws IOException {
        for (int map = 0; map < 6; map++) {
            addMap(map, server.port(), 500_000);
        }
        long before = reader.aheadBytesLeft();
        for (int items = 0; items < 4; items++) {
            try (ShuffleInput input = reader.open(outputs, Part.all(1, 6))) {
                for (int item = 0; item < items; item++) {
                    input.next();
                }
            }
            assertEquals(before, reader.aheadBytesLeft());
        }
        assertDelivers(Part.all(1, 6));
        assertEquals(before, reader.aheadBytesLeft());
    }

    private void addMap(int map, int blockPort, int partitionBytes) throws IOException {
        List<byte[]> partitions = new ArrayList<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            partitions.add(TestingMapOutputs.bytes(map * PARTITIONS + partition, partitionBytes));
        }
        boolean here = blockPort == 0;
        contents.add(partitions);
        outputs.add(TestingMapOutputs.publish(
                here ? filesHere : filesThere, map, partitions, here ? "here" : THERE, blockPort));
    }

    private static MapOutput withPort(MapOutput output, int port) {
        return new MapOutput(
                output.id(),
                output.runner(),
                output.host(),
                port,
                0,
                output.path(),
                output.partitions(),
                output.bytes());
    }

    private void assertDelivers(List<Part> parts) throws IOException {
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (Part part : parts) {
            for (byte[] partition : contents.get(part.map()).subList(part.from(), part.to())) {
                expected.write(partition);
            }
        }
        try (ShuffleInput input = reader.open(outputs, parts)) {
            assertArrayEquals(expected.toByteArray(), drain(input));
            assertTrue(input.next().isEmpty());
        }
    }

    private static byte[] drain(ShuffleInput input) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        for (Optional<InputSource.Item> item = input.next(); item.isPresent(); item = input.next()) {
            if (item.get() instanceof InputSource.LocalPart part) {
                byte[] file = Files.readAllBytes(part.path());
                read.write(Arrays.copyOfRange(file, (int) part.offset(), (int) (part.offset() + part.length())));
            } else {
                byte[] piece = new byte[(int) item.get().bytes()];
                ((InputSource.Bytes) item.get()).buffer().get(piece);
                read.write(piece);
            }
        }
        return read.toByteArray();
    }

    /** Passes connections on, but ends the first few after 1 MB. */
    private static final class BreakingProxy implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName(THERE));
        private final int target;
        private final AtomicInteger left;

        BreakingProxy(int target, int breaks) throws IOException {
            this.target = target;
            this.left = new AtomicInteger(breaks);
            start(this::accept);
        }

        int port() {
            return listener.getLocalPort();
        }

        int left() {
            return left.get();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }

        private void accept() {
            while (!listener.isClosed()) {
                try {
                    Socket from = listener.accept();
                    Socket to = new Socket(THERE, target);
                    boolean breaks = left.getAndUpdate(count -> Math.max(0, count - 1)) > 0;
                    start(() -> pass(from, to, Long.MAX_VALUE));
                    start(() -> pass(to, from, breaks ? 1_000_000 : Long.MAX_VALUE));
                } catch (IOException e) {
                    return;
                }
            }
        }

        private static void pass(Socket from, Socket to, long most) {
            byte[] buffer = new byte[8192];
            try (from;
                    to) {
                InputStream input = from.getInputStream();
                OutputStream output = to.getOutputStream();
                long passed = 0;
                for (int read = input.read(buffer); read >= 0 && passed < most; read = input.read(buffer)) {
                    output.write(buffer, 0, read);
                    passed += read;
                }
            } catch (IOException e) {
                return;
            }
        }

        private static void start(Runnable work) {
            Thread thread = new Thread(work, "proxy");
            thread.setDaemon(true);
            thread.start();
        }
    }
}
