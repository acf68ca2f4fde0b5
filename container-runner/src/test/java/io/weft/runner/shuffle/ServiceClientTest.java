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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.DataOutputBuffer;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapred.ShuffleHandler;
import org.apache.hadoop.security.token.Token;
import org.apache.hadoop.security.token.TokenIdentifier;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.server.api.ApplicationInitializationContext;
import org.apache.hadoop.yarn.server.api.AuxiliaryLocalPathHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against YARN's own ShuffleHandler. */
@Timeout(60)
class ServiceClientTest {
    private static final String HOST = "127.0.0.1";
    private static final byte[] KEY = TestingMapOutputs.bytes(42, 32);
    private static final String JOB = "job_1715_0042";

    @TempDir
    java.nio.file.Path folder;

    private ShuffleHandler handler;
    private int port;
    private MapOutputFiles files;
    private ServiceClient client;

    @BeforeEach
    void startService() throws Exception {
        Configuration conf = new Configuration();
        conf.setInt(ShuffleHandler.SHUFFLE_PORT_CONFIG_KEY, 0);
        handler = new ShuffleHandler();
        handler.setAuxiliaryLocalPathHandler(new LocalFolder());
        handler.init(conf);
        handler.start();
        ByteBuffer metadata = handler.getMetaData();
        port = metadata.getInt();
        Token<TokenIdentifier> token = new Token<>(new byte[0], KEY, new Text("weft.shuffle"), new Text(""));
        DataOutputBuffer serialized = new DataOutputBuffer();
        token.write(serialized);
        String user = System.getProperty("user.name");
        handler.initializeApplication(new ApplicationInitializationContext(
                user,
                ApplicationId.newInstance(1715, 42),
                ByteBuffer.wrap(serialized.getData(), 0, serialized.getLength())));
        files = new MapOutputFiles(List.of(
                folder.resolve("usercache/" + user + "/appcache/" + TestingMapOutputs.APPLICATION + "/output")));
        client = new ServiceClient(new ShuffleReader.Service(JOB, KEY, "HmacSHA1"));
    }

    @AfterEach
    void stopService() {
        client.close();
        handler.stop();
    }

    @Test
    void fetchesOnePartitionAndSeveral() throws IOException {
        List<byte[]> partitions = List.of(
                TestingMapOutputs.bytes(0, 300_000),
                new byte[0],
                TestingMapOutputs.bytes(2, 5),
                TestingMapOutputs.bytes(3, 9));
        publish(0, partitions);
        for (int from = 0; from <= 4; from++) {
            for (int to = from; to <= 4; to++) {
                ByteArrayOutputStream expected = new ByteArrayOutputStream();
                for (byte[] partition : partitions.subList(from, to)) {
                    expected.write(partition);
                }
                try (ServiceClient.Stream stream =
                        client.open(HOST, port, TestingMapOutputs.id(0).folder(), from, to)) {
                    assertEquals(expected.size(), stream.length());
                    assertArrayEquals(expected.toByteArray(), stream.readAllBytes());
                }
            }
        }
    }

    @Test
    void asksForSeveralMapsAtOnceAsManyAsTheServiceTakes() throws IOException {
        List<String> ids = new ArrayList<>();
        for (int map = 0; map < ServiceClient.MAX_MAPS; map++) {
            publish(map, List.of(new byte[1], TestingMapOutputs.bytes(map, 1_000 * (map % 3))));
            ids.add(TestingMapOutputs.id(map).folder());
        }
        for (int round = 0; round < 2; round++) {
            try (ServiceClient.Batch batch = client.openBatch(HOST, port, ids, 1)) {
                for (int map = 0; map < ids.size(); map++) {
                    byte[] bytes = new byte[(int) batch.nextMap()];
                    batch.read(bytes);
                    assertArrayEquals(TestingMapOutputs.bytes(map, 1_000 * (map % 3)), bytes);
                }
                batch.done();
            }
        }
        String longest = "application_1234567890123_123456_s1234567_m12345678_a123";
        List<String> unknown = Collections.nCopies(ServiceClient.MAX_IDS_BYTES / (longest.length() + 1), longest);
        IOException refused = assertThrows(IOException.class, () -> client.openBatch(HOST, port, unknown, 1));
        assertTrue(refused.getMessage().contains("answered HTTP/1.1 500"), "the request line fits; " + refused);
    }

    @Test
    void saysWhatTheServiceAnswered() throws IOException {
        publish(0, List.of(new byte[3]));
        IOException missing = assertThrows(
                IOException.class,
                () -> client.open(HOST, port, TestingMapOutputs.id(1).folder(), 0, 1));
        assertTrue(missing.getMessage().contains("answered HTTP/1.1 500"), missing.getMessage());
        try (ServiceClient stranger = new ServiceClient(new ShuffleReader.Service(JOB, new byte[32], "HmacSHA1"))) {
            IOException refused = assertThrows(
                    IOException.class,
                    () -> stranger.open(HOST, port, TestingMapOutputs.id(0).folder(), 0, 1));
            assertTrue(refused.getMessage().contains("answered HTTP/1.1 401"), refused.getMessage());
        }
    }

    @Test
    void standsInForARunnerThatIsGone() throws IOException {
        List<MapOutput> outputs = new ArrayList<>();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int map = 0; map < 50; map++) {
            byte[] partition = TestingMapOutputs.bytes(map, map % 7 == 0 ? 0 : 20_000);
            expected.write(partition);
            outputs.add(publish(map, List.of(new byte[10], partition)));
        }
        assertEquals(3, read(outputs, expected), "20, 20 and 10 maps");
    }

    @Test
    void readsLargePartsByThemselvesAndSmallOnesTogether() throws IOException {
        List<MapOutput> outputs = new ArrayList<>();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int map = 0; map < 12; map++) {
            byte[] partition = TestingMapOutputs.bytes(map, map == 5 ? 9 << 20 : 1_000);
            expected.write(partition);
            outputs.add(publish(map, List.of(new byte[10], partition)));
        }
        assertEquals(2, read(outputs, expected), "11 together, and one");
    }

    @Test
    void findsTheMapThatIsLostAmongThoseAskedForTogether() throws IOException {
        List<MapOutput> outputs = new ArrayList<>();
        for (int map = 0; map < 12; map++) {
            outputs.add(publish(map, List.of(new byte[10], new byte[100])));
        }
        files.drop(outputs.get(0).id().shuffle());
        for (int map = 0; map < 12; map++) {
            if (map != 7) {
                publish(map, List.of(new byte[10], new byte[100]));
            }
        }
        FetchFailedException failed =
                assertThrows(FetchFailedException.class, () -> read(outputs, new ByteArrayOutputStream()));
        assertEquals(List.of(TestingMapOutputs.id(7)), failed.lost());
    }

    @Test
    void partsThatAreLargerThanExpectedAreReadByThemselves() throws IOException {
        List<MapOutput> outputs = new ArrayList<>();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int map = 0; map < 4; map++) {
            byte[] partition = TestingMapOutputs.bytes(map, 5 << 20);
            expected.write(partition);
            List<byte[]> partitions = new ArrayList<>(Collections.nCopies(40, new byte[0]));
            partitions.set(1, partition);
            outputs.add(publish(map, partitions));
        }
        read(outputs, expected);
    }

    /** Reads partition 1 of every map by way of the service, and compares; gives the number of requests. */
    private long read(List<MapOutput> outputs, ByteArrayOutputStream expected) throws IOException {
        ShuffleReader.Service service = new ShuffleReader.Service(JOB, KEY, "HmacSHA1");
        try (BlockClient blocks = new BlockClient(new byte[32], 2_000, 5_000);
                ShuffleReader reader = new ShuffleReader("here", blocks, service);
                ShuffleInput input = avoiding(reader, outputs).open(outputs, Part.all(1, outputs.size()))) {
            ByteArrayOutputStream read = new ByteArrayOutputStream();
            for (Optional<InputSource.Item> item = input.next(); item.isPresent(); item = input.next()) {
                byte[] piece = new byte[(int) item.get().bytes()];
                ((InputSource.Bytes) item.get()).buffer().get(piece);
                read.write(piece);
            }
            assertArrayEquals(expected.toByteArray(), read.toByteArray());
            return reader.service().orElseThrow().requests();
        }
    }

    /** The runner could not be reached a moment ago. */
    private static ShuffleReader avoiding(ShuffleReader reader, List<MapOutput> outputs) {
        reader.avoid(outputs.get(0));
        return reader;
    }

    /** The block server's port is one that nobody listens on. */
    private MapOutput publish(int map, List<byte[]> partitions) throws IOException {
        MapOutput output = TestingMapOutputs.publish(files, map, partitions, HOST, 1);
        MapOutputId id = output.id();
        return new MapOutput(id, output.runner(), HOST, 1, port, output.path(), output.partitions(), output.bytes());
    }

    private final class LocalFolder implements AuxiliaryLocalPathHandler {
        @Override
        public Path getLocalPathForRead(String path) throws IOException {
            java.nio.file.Path local = folder.resolve(path);
            if (!Files.exists(local)) {
                throw new IOException(path + " is not there");
            }
            return new Path(local.toString());
        }

        @Override
        public Path getLocalPathForWrite(String path) {
            return new Path(folder.resolve(path).toString());
        }

        @Override
        public Path getLocalPathForWrite(String path, long size) {
            return getLocalPathForWrite(path);
        }

        @Override
        public Iterable<Path> getAllLocalPathsForRead(String path) throws IOException {
            return List.of(getLocalPathForRead(path));
        }
    }
}
