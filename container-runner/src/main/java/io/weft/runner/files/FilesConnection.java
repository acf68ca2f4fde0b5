package io.weft.runner.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.socket.LocalServer;
import io.weft.runner.worker.Json;
import java.io.EOFException;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** One connection of a Python process: one request after another, by the thread that reads them. */
final class FilesConnection {
    private static final int ENTRIES_AT_ONCE = 1_000;

    private final FilesChannel channel;
    private final FileCommands commands;

    /** One permit for each file that may be open at a time. */
    private final Semaphore permits;

    /** The open file, null for none. */
    private FileReader reader;

    FilesConnection(FilesChannel channel, FileCommands commands, Semaphore permits) {
        this.channel = channel;
        this.commands = commands;
        this.permits = permits;
    }

    /** Serves until Python closes the connection; a wrong token closes it at once. */
    void serve(String token) throws IOException {
        if (channel.next() != FilesChannel.AUTH
                || !LocalServer.sameToken(token, channel.json().path("token").asText(""))) {
            return;
        }
        try {
            for (int type = channel.next(); type >= 0; type = channel.next()) {
                if (type != FilesChannel.REQUEST) {
                    throw new IOException("frame of type " + type + " where a request begins");
                }
                answer(channel.json());
            }
        } finally {
            closeReader();
        }
    }

    private void answer(JsonNode request) throws IOException {
        String operation = request.path("op").asText();
        String path = request.path("path").asText(request.path("from").asText(""));
        ObjectNode failure;
        try {
            switch (operation) {
                case "create" -> create(request);
                case "list" -> channel.write(FilesChannel.OK, list(path));
                case "read" -> channel.write(FilesChannel.OK, read(request));
                case "ranges" -> channel.write(FilesChannel.OK, ranges(request.path("ranges")));
                default -> channel.write(FilesChannel.OK, storage(() -> command(operation, request)));
            }
            return;
        } catch (StorageException failed) {
            failure = FileFailure.of(path, failed.getCause()).json();
        } catch (RuntimeException | FSError failed) {
            failure = FileFailure.of(path, failed).json();
        }
        channel.write(FilesChannel.FAILED, failure);
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    /** Sets what a file system fails with apart from what the connection fails with, which ends it. */
    private static <T> T storage(Work<T> work) throws StorageException {
        try {
            return work.run();
        } catch (StorageException failed) {
            throw failed;
        } catch (IOException failed) {
            throw new StorageException(failed);
        }
    }

    private ObjectNode command(String operation, JsonNode request) throws IOException {
        String path = request.path("path").asText();
        String from = request.path("from").asText();
        String to = request.path("to").asText();
        switch (operation) {
            case "info":
                return commands.info(path);
            case "sum":
                return commands.sum(path);
            case "open":
                return open(path);
            case "close":
                closeReader();
                break;
            case "mkdir":
                boolean parents = request.path("parents").asBoolean();
                commands.mkdir(path, parents, request.path("exist").asBoolean());
                break;
            case "delete":
                commands.delete(path, request.path("what").asText());
                break;
            case "rename":
                commands.rename(from, to);
                break;
            case "copy":
                commands.copy(from, to);
                break;
            case "touch":
                commands.touch(path, request.path("truncate").asBoolean());
                break;
            default:
                throw new IOException("unknown request '" + operation + "'");
        }
        return Json.object();
    }

    private ObjectNode list(String path) throws IOException {
        FileSystem files = storage(() -> commands.system(path));
        FileStatus asked = storage(() -> files.getFileStatus(new Path(path)));
        if (asked.isFile()) {
            ArrayNode alone = Json.object().putArray("entries").add(storage(() -> Entries.of(files, asked)));
            channel.write(FilesChannel.ITEMS, Json.object().set("entries", alone));
            return Json.object().put("file", true);
        }
        RemoteIterator<FileStatus> found = storage(() -> files.listStatusIterator(new Path(path)));
        ArrayNode page = storage(() -> page(files, found));
        while (!page.isEmpty()) {
            channel.write(FilesChannel.ITEMS, Json.object().set("entries", page));
            page = storage(() -> page(files, found));
        }
        return Json.object().put("file", false);
    }

    private static ArrayNode page(FileSystem files, RemoteIterator<FileStatus> found) throws IOException {
        ArrayNode entries = Json.object().putArray("entries");
        while (entries.size() < ENTRIES_AT_ONCE && found.hasNext()) {
            entries.add(Entries.of(files, found.next()));
        }
        return entries;
    }

    private ObjectNode open(String path) throws IOException {
        closeReader();
        if (!permits.tryAcquire()) {
            throw tooMany(path);
        }
        try {
            FileSystem files = commands.system(path);
            reader = FileReader.open(files, new Path(path));
            return Entries.of(files, reader.status());
        } finally {
            if (reader == null) {
                permits.release();
            }
        }
    }

    private static FileFailure tooMany(String path) {
        String message = FilesServer.MAX_OPEN_FILES + " files are open already through this process; close some first";
        return new FileFailure(FileFailure.Kind.MANY, path, message);
    }

    private void closeReader() throws IOException {
        if (reader != null) {
            FileReader open = reader;
            reader = null;
            permits.release();
            open.close();
        }
    }

    private ObjectNode read(JsonNode request) throws IOException {
        if (reader == null) {
            throw new EOFException("read without an open file");
        }
        long from = reader.place(request.path("from").asLong(), 0);
        long to = reader.place(request.path("to").asLong(), 0);
        reader.send(from, to, channel);
        return Json.object();
    }

    /** Each range for itself: one that fails says so, and the others come. A file named again at once stays open. */
    private ObjectNode ranges(JsonNode ranges) throws IOException {
        String last = "";
        try {
            for (JsonNode range : ranges) {
                String path = range.path(0).asText();
                ObjectNode end = Json.object();
                try {
                    if (reader == null || !path.equals(last)) {
                        storage(() -> open(path));
                        last = path;
                    }
                    long from = reader.place(bound(range.path(1)), 0);
                    long to = reader.place(bound(range.path(2)), Long.MAX_VALUE);
                    reader.send(from, Math.max(from, to), channel);
                } catch (StorageException failed) {
                    end = FileFailure.of(path, failed.getCause()).json();
                } catch (RuntimeException failed) {
                    end = FileFailure.of(path, failed).json();
                }
                channel.write(FilesChannel.ITEMS, end);
            }
        } finally {
            closeReader();
        }
        return Json.object();
    }

    private static Long bound(JsonNode value) {
        return value.isNull() ? null : value.asLong();
    }

    private void create(JsonNode request) throws IOException {
        String path = request.path("path").asText();
        if (!permits.tryAcquire()) {
            throw new StorageException(tooMany(path));
        }
        try (FileWriter writer = storage(() -> FileWriter.open(commands.system(path), request))) {
            channel.write(FilesChannel.OK, Json.object().put("at", writer.length()));
            boolean ended = false;
            try {
                int type = receive(writer);
                ended = true;
                storage(() -> writer.end(type == FilesChannel.FINISH));
                channel.write(FilesChannel.OK, Json.object());
            } catch (StorageException failed) {
                writer.discard();
                channel.write(
                        FilesChannel.FAILED,
                        FileFailure.of(path, failed.getCause()).json());
                if (!ended) {
                    skipToEnd();
                }
            }
        } finally {
            permits.release();
        }
    }

    /** Takes the file's bytes; gives the frame that ends them, FINISH or ABORT. */
    private int receive(FileWriter writer) throws IOException {
        byte[] piece = new byte[FilesChannel.PIECE_BYTES];
        int type = nextOfFile();
        while (type == FilesChannel.DATA) {
            channel.moveTo(writer.stream(), piece);
            type = nextOfFile();
        }
        channel.dropBody();
        return type;
    }

    /** Python has not seen yet that its file has failed. */
    private void skipToEnd() throws IOException {
        channel.dropBody();
        while (nextOfFile() == FilesChannel.DATA) {
            channel.dropBody();
        }
        channel.dropBody();
    }

    private int nextOfFile() throws IOException {
        int type = channel.next();
        if (type == FilesChannel.DATA || type == FilesChannel.FINISH || type == FilesChannel.ABORT) {
            return type;
        }
        throw type < 0
                ? new EOFException("the connection ended inside a file")
                : new IOException("frame of type " + type + " inside a file");
    }
}
