package io.weft.runner.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.runner.worker.Json;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The socket of weft.fs over this machine's files, spoken to frame by frame. */
final class FilesServerTest {
    private static final int HEADER_BYTES = 8;

    @TempDir
    Path folder;

    private FilesServer server;

    @BeforeEach
    void listen() throws IOException {
        server = new FilesServer(folder.resolve("f.sock"), "right", Configuration::new);
    }

    @AfterEach
    void close() {
        server.close();
    }

    /** The other end of a connection. */
    private final class Client implements AutoCloseable {
        private final SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("f.sock")));
        private final DataInputStream in = new DataInputStream(Channels.newInputStream(channel));
        private final OutputStream out = Channels.newOutputStream(channel);
        private byte[] body = {};

        private Client(String token) throws IOException {
            send(FilesChannel.AUTH, Json.bytes(Json.object().put("token", token)));
        }

        void send(int type, byte[] bytes) throws IOException {
            ByteBuffer frame = ByteBuffer.allocate(HEADER_BYTES + bytes.length);
            frame.putInt(bytes.length).put((byte) type).put((byte) 0).putShort((short) 0);
            out.write(frame.put(bytes).array());
        }

        void request(String json) throws IOException {
            send(FilesChannel.REQUEST, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        }

        int next() throws IOException {
            int length = in.readInt();
            int type = in.readUnsignedByte();
            in.skipNBytes(3);
            body = in.readNBytes(length);
            return type;
        }

        JsonNode json() {
            return Json.object(body, "an answer");
        }

        /** The answer's last frame, told as its kind of failure or "ok". */
        String ask(String json) throws IOException {
            request(json);
            int type = next();
            while (type == FilesChannel.ITEMS) {
                type = next();
            }
            return type == FilesChannel.OK ? "ok" : json().path("kind").asText();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private String uri(String name) {
        return "file://" + folder.resolve(name);
    }

    @Test
    void aWrongTokenEndsTheConnectionBeforeItIsAnswered() throws IOException {
        try (Client client = new Client("wrong")) {
            client.request("{'op': 'info', 'path': '/'}");
            assertEquals(-1, client.in.read());
        } catch (IOException reset) {
            assertFalse(reset instanceof EOFException, "an answer began");
        }
    }

    @Test
    void aRangeComesAsOneBodyFromWhereverItBegins() throws IOException {
        byte[] data = new byte[3_000_000];
        new Random(7).nextBytes(data);
        Files.write(folder.resolve("data"), data);
        try (Client client = new Client("right")) {
            assertEquals("ok", client.ask("{'op': 'open', 'path': '" + uri("data") + "'}"));
            assertEquals(3_000_000, client.json().path("size").asInt());
            int[][] ranges = {{0, 1_000_000}, {1_000_000, 2_500_000}, {5, 70_000}, {2_999_999, 4_000_000}, {9, 9}};
            for (int[] range : ranges) {
                client.request("{'op': 'read', 'from': " + range[0] + ", 'to': " + range[1] + "}");
                assertEquals(FilesChannel.DATA, client.next());
                int end = Math.min(range[1], data.length);
                assertArrayEquals(java.util.Arrays.copyOfRange(data, range[0], end), client.body);
                assertEquals(FilesChannel.OK, client.next());
            }
        }
    }

    @Test
    void aFileThatHasBecomeShorterIsToldBehindTheBodyThatWasAnnounced() throws IOException {
        Files.write(folder.resolve("data"), new byte[3_000_000]);
        try (Client client = new Client("right")) {
            client.ask("{'op': 'open', 'path': '" + uri("data") + "'}");
            Files.write(folder.resolve("data"), new byte[1_000_000]);
            client.request("{'op': 'read', 'from': 0, 'to': 3000000}");
            assertEquals(FilesChannel.DATA, client.next());
            assertEquals(3_000_000, client.body.length);
            assertEquals(FilesChannel.FAILED, client.next());
            assertEquals("io", client.json().path("kind").asText());
            assertEquals("ok", client.ask("{'op': 'info', 'path': '" + uri("data") + "'}"));
        }
    }

    @Test
    void whatIsFinishedStaysAndWhatIsAbortedOrCutOffGoes() throws Exception {
        try (Client client = new Client("right")) {
            for (String name : List.of("kept", "aborted")) {
                assertEquals("ok", client.ask("{'op': 'create', 'path': '" + uri(name) + "', 'mode': 'write'}"));
                client.send(FilesChannel.DATA, new byte[1_000_000]);
                client.send(name.equals("kept") ? FilesChannel.FINISH : FilesChannel.ABORT, new byte[] {'{', '}'});
                assertEquals(FilesChannel.OK, client.next());
            }
            assertEquals("ok", client.ask("{'op': 'create', 'path': '" + uri("cut") + "', 'mode': 'write'}"));
            client.send(FilesChannel.DATA, new byte[1_000_000]);
            assertTrue(Files.exists(folder.resolve("cut")));
        }
        server.close(); // waits for the connection's thread
        assertEquals(1_000_000, Files.size(folder.resolve("kept")));
        assertFalse(Files.exists(folder.resolve("aborted")));
        assertFalse(Files.exists(folder.resolve("cut")));
    }

    @Test
    void failuresHaveKindsAndTheConnectionServesOn() throws IOException {
        Files.createDirectories(folder.resolve("full/of"));
        Files.write(folder.resolve("file"), new byte[1]);
        try (Client client = new Client("right")) {
            assertEquals("missing", client.ask("{'op': 'info', 'path': '" + uri("no") + "'}"));
            assertEquals("missing", client.ask("{'op': 'open', 'path': '" + uri("no") + "'}"));
            assertEquals("folder", client.ask("{'op': 'open', 'path': '" + uri("full") + "'}"));
            assertEquals("notEmpty", client.ask("{'op': 'delete', 'path': '" + uri("full") + "', 'what': 'folder'}"));
            assertEquals("folder", client.ask("{'op': 'delete', 'path': '" + uri("full") + "', 'what': 'file'}"));
            assertEquals("notFolder", client.ask("{'op': 'delete', 'path': '" + uri("file") + "', 'what': 'folder'}"));
            assertEquals("exists", client.ask("{'op': 'create', 'path': '" + uri("file") + "', 'mode': 'exclusive'}"));
            assertEquals("unsupported", client.ask("{'op': 'info', 'path': 'nosuch://host/x'}"));
            assertEquals("argument", client.ask("{'op': 'info', 'path': ''}"));
            assertEquals("ok", client.ask("{'op': 'list', 'path': '" + uri("full") + "'}"));
        }
    }

    @Test
    void rangesOfOneQuestionFailEachForItself() throws IOException {
        Files.write(folder.resolve("a"), "0123456789".getBytes(StandardCharsets.UTF_8));
        try (Client client = new Client("right")) {
            client.request("{'op': 'ranges', 'ranges': [['" + uri("a") + "', -3, null], ['" + uri("no") + "', 0, 1], ['"
                    + uri("a") + "', null, 2]]}");
            List<String> got = new ArrayList<>();
            for (int type = client.next(); type != FilesChannel.OK; type = client.next()) {
                got.add(
                        type == FilesChannel.DATA
                                ? new String(client.body, StandardCharsets.UTF_8)
                                : client.json().path("kind").asText("."));
            }
            assertEquals(List.of("789", ".", "missing", "01", "."), got);
        }
    }

    @Test
    void asManyFilesAsThereArePermitsAreOpenAtATime() throws IOException {
        Files.write(folder.resolve("a"), new byte[1]);
        String open = "{'op': 'open', 'path': '" + uri("a") + "'}";
        List<Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < FilesServer.MAX_OPEN_FILES; i++) {
                clients.add(new Client("right"));
                assertEquals("ok", clients.get(i).ask(open));
            }
            try (Client late = new Client("right")) {
                assertEquals("many", late.ask(open));
                assertEquals("ok", clients.get(0).ask("{'op': 'close'}"));
                assertEquals("ok", late.ask(open));
            }
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }
}
