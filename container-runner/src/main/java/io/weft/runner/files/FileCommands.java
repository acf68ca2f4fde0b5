package io.weft.runner.files;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.worker.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/** The requests that move no bytes to or from Python. Whatever fails is thrown as the file system throws it. Thread-safe. */
final class FileCommands {
    private final FileSystems systems;

    FileCommands(FileSystems systems) {
        this.systems = systems;
    }

    ObjectNode info(String path) throws IOException {
        Path place = new Path(path);
        FileSystem files = systems.of(place);
        return Entries.of(files, files.getFileStatus(place));
    }

    FileSystem system(String path) throws IOException {
        return systems.of(new Path(path));
    }

    void mkdir(String path, boolean parents, boolean exist) throws IOException {
        Path place = new Path(path);
        FileSystem files = systems.of(place);
        if (files.exists(place)) {
            if (exist && files.getFileStatus(place).isDirectory()) {
                return;
            }
            throw new FileFailure(FileFailure.Kind.EXISTS, path, "It exists already");
        }
        Path parent = place.getParent();
        if (!parents && parent != null && !files.exists(parent)) {
            throw FileFailure.missing(parent.toString());
        }
        if (!files.mkdirs(place)) {
            throw new FileFailure(FileFailure.Kind.IO, path, "The folder was not made; look at the folder above it");
        }
    }

    /** {@code what}: {@code file}, {@code folder} or {@code tree}. */
    void delete(String path, String what) throws IOException {
        Path place = new Path(path);
        FileSystem files = systems.of(place);
        boolean folder = files.getFileStatus(place).isDirectory();
        if (what.equals("file") && folder) {
            throw new FileFailure(
                    FileFailure.Kind.FOLDER, path, "It is a folder; delete it by recursive=True, or rmdir");
        }
        if (what.equals("folder") && !folder) {
            throw new FileFailure(FileFailure.Kind.NOT_FOLDER, path, "It is a file, not a folder");
        }
        if (what.equals("folder") && files.listStatusIterator(place).hasNext()) {
            throw new FileFailure(
                    FileFailure.Kind.NOT_EMPTY,
                    path,
                    "The folder is not empty; delete what is in it by recursive=True");
        }
        if (!files.delete(place, what.equals("tree"))) {
            throw FileFailure.missing(path);
        }
    }

    void rename(String from, String to) throws IOException {
        Path source = new Path(from);
        FileSystem files = systems.of(source);
        FileStatus moved = files.getFileStatus(source);
        Path target = new Path(to);
        if (!files.getUri().equals(systems.of(target).getUri())) {
            String message = "It cannot be moved to the other file system of " + to + "; copy it, then delete it";
            throw new FileFailure(FileFailure.Kind.UNSUPPORTED, from, message);
        }
        FileStatus there = statusOrNull(files, target);
        if (there != null && there.isDirectory()) {
            target = new Path(target, source.getName());
            there = statusOrNull(files, target);
        }
        if (there != null && (there.isDirectory() || moved.isDirectory())) {
            throw new FileFailure(FileFailure.Kind.EXISTS, target.toString(), "It exists already; delete it first");
        }
        if (there == null && target.getParent() != null) {
            files.mkdirs(target.getParent());
        }
        if (there != null && !FileSystems.isLocal(files)) {
            replace(files, source, target);
        } else if (!files.rename(source, target)) {
            String message = "It was not moved to " + target + "; a folder cannot be moved into itself";
            throw new FileFailure(FileFailure.Kind.IO, from, message);
        }
    }

    private static FileStatus statusOrNull(FileSystem files, Path path) throws IOException {
        try {
            return files.getFileStatus(path);
        } catch (java.io.FileNotFoundException absent) {
            return null;
        }
    }

    /** In one step where the file system can. */
    private void replace(FileSystem files, Path source, Path target) throws IOException {
        FileContext context;
        try {
            context = FileContext.getFileContext(files.getUri(), systems.conf());
        } catch (UnsupportedFileSystemException unknown) {
            files.delete(target, false);
            files.rename(source, target);
            return;
        }
        context.rename(files.makeQualified(source), files.makeQualified(target), Options.Rename.OVERWRITE);
    }

    /** A file with its bytes, over the file that is there; of a folder the folder alone. */
    void copy(String from, String to) throws IOException {
        Path source = new Path(from);
        Path target = new Path(to);
        FileSystem files = systems.of(source);
        FileSystem others = systems.of(target);
        if (files.getFileStatus(source).isDirectory()) {
            mkdir(to, true, true);
            return;
        }
        if (files.makeQualified(source).equals(others.makeQualified(target))) {
            throw new FileFailure(FileFailure.Kind.ARGUMENT, from, "It cannot be copied onto itself");
        }
        checkNoFolder(others, target);
        byte[] piece = new byte[FilesChannel.PIECE_BYTES];
        try (InputStream in = files.open(source)) {
            OutputStream out = others.create(target, true);
            try {
                for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
                    out.write(piece, 0, count);
                }
                out.close();
            } catch (IOException | RuntimeException failed) {
                FileWriter.remove(others, target, out);
                throw failed;
            }
        }
    }

    static void checkNoFolder(FileSystem files, Path path) throws IOException {
        FileStatus there = statusOrNull(files, path);
        if (there != null && there.isDirectory()) {
            throw new FileFailure(
                    FileFailure.Kind.FOLDER, path.toString(), "It is a folder, where a file is to be written");
        }
    }

    void touch(String path, boolean truncate) throws IOException {
        Path place = new Path(path);
        FileSystem files = systems.of(place);
        if (truncate || !files.exists(place)) {
            checkNoFolder(files, place);
            files.create(place, true).close();
        } else {
            long now = System.currentTimeMillis();
            files.setTimes(place, now, now);
        }
    }

    ObjectNode sum(String path) throws IOException {
        Path place = new Path(path);
        FileSystem files = systems.of(place);
        files.getFileStatus(place); // a file system without checksums would not say that it is missing
        FileChecksum sum = files.getFileChecksum(place);
        return Json.object().put("sum", sum == null ? null : sum.toString());
    }
}
