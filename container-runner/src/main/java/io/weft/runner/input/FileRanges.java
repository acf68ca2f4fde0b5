package io.weft.runner.input;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FutureDataInputStreamBuilder;
import org.apache.hadoop.fs.Options.OpenFileOptions;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.functional.FutureIO;

/** Opens files at a byte: local ones by the JVM's own channels, others through their FileSystem. */
final class FileRanges {
    private static final int STREAM_BUFFER_BYTES = 256 << 10;
    /** What is read at one go; a store that is asked for ranges need not be told to stream for less. */
    private static final int SHORT_BYTES = 1 << 20;

    private FileRanges() {}

    static boolean isLocal(Path path) {
        return "file".equals(path.toUri().getScheme());
    }

    static java.nio.file.Path local(Path path) {
        return java.nio.file.Path.of(path.toUri().getPath());
    }

    /** A stream that stands at {@code start}; {@code end} is where the caller means to stop. */
    static InputStream open(Path path, long start, long end, Configuration conf) throws IOException {
        if (isLocal(path)) {
            FileChannel channel = FileChannel.open(local(path), StandardOpenOption.READ);
            channel.position(start);
            return Channels.newInputStream(channel);
        }
        FileSystem files = path.getFileSystem(conf);
        String policy = end - start <= SHORT_BYTES
                ? OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY_RANDOM
                : OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY_SEQUENTIAL;
        FutureDataInputStreamBuilder builder = files.openFile(path)
                .opt(OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY, policy)
                .optLong(OpenFileOptions.FS_OPTION_OPENFILE_SPLIT_START, start)
                .optLong(OpenFileOptions.FS_OPTION_OPENFILE_SPLIT_END, end)
                .optLong(OpenFileOptions.FS_OPTION_OPENFILE_BUFFER_SIZE, STREAM_BUFFER_BYTES);
        var stream = FutureIO.awaitFuture(builder.build());
        try {
            stream.seek(start);
        } catch (IOException e) {
            stream.close();
            throw e;
        }
        return stream;
    }

    /** What is wrong when a file is gone, or may not be read; empty for any other reason. */
    static Optional<InputException> refusal(Exception e, String path, long offset) {
        if (e instanceof FileNotFoundException || e instanceof NoSuchFileException) {
            return Optional.of(
                    new InputException(InputException.MISSING, path + " does not exist any more", path, offset, e));
        }
        if (e instanceof AccessControlException || e instanceof AccessDeniedException) {
            return Optional.of(new InputException(
                    InputException.REFUSED, path + " may not be read: " + firstLine(e), path, offset, e));
        }
        return Optional.empty();
    }

    /** What a failed read of a file means. */
    static InputException explain(Exception e, String path, long offset) {
        return refusal(e, path, offset).orElseGet(() -> failure(e, path, offset));
    }

    /** The file system has failed. */
    static InputException failure(Exception e, String path, long offset) {
        String message = String.format("%s cannot be read at byte %,d: %s", path, offset, firstLine(e));
        return new InputException(InputException.FAILED, message, path, offset, e);
    }

    /** HDFS appends its own stack to what it says. */
    private static String firstLine(Exception e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied"; // its own message is the path
        }
        return e.toString().lines().findFirst().orElse("").replaceFirst("^[\\w.$]+Exception: ", "");
    }
}
