package io.weft.runner.files;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.runner.worker.Json;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.PathIsNotEmptyDirectoryException;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;

/** What a request failed with, in words for people: which path, why, what to do. */
final class FileFailure extends IOException {
    private static final long serialVersionUID = 1L;

    /** The kinds of FILES.md. */
    enum Kind {
        MISSING("missing"),
        EXISTS("exists"),
        DENIED("denied"),
        FOLDER("folder"),
        NOT_FOLDER("notFolder"),
        NOT_EMPTY("notEmpty"),
        QUOTA("quota"),
        FULL("full"),
        UNSUPPORTED("unsupported"),
        READ_ONLY("readOnly"),
        UNREACHABLE("unreachable"),
        MANY("many"),
        ARGUMENT("argument"),
        IO("io");

        private final String word;

        Kind(String word) {
            this.word = word;
        }
    }

    private final Kind kind;
    private final String path;

    FileFailure(Kind kind, String path, String message) {
        super(message);
        this.kind = kind;
        this.path = path;
    }

    static FileFailure missing(String path) {
        return new FileFailure(Kind.MISSING, path, "No such file or folder");
    }

    ObjectNode json() {
        return Json.object().put("kind", kind.word).put("path", path).put("message", getMessage());
    }

    /** What a file system has thrown about {@code path}. */
    static FileFailure of(String path, Throwable thrown) {
        Throwable error = thrown instanceof FSError && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (error instanceof FileFailure known) {
            return known;
        }
        String said = said(error);
        if (error instanceof IOException) {
            return classified(path, error, said);
        }
        if (error instanceof UnsupportedOperationException) {
            return new FileFailure(Kind.UNSUPPORTED, path, "This file system cannot do that: " + said);
        }
        if (error instanceof IllegalArgumentException) {
            return new FileFailure(Kind.ARGUMENT, path, "Not a path that can be used: " + said);
        }
        return new FileFailure(Kind.IO, path, error.getClass().getSimpleName() + ": " + said);
    }

    private static FileFailure classified(String path, Throwable error, String said) {
        // by name where the class is one of HDFS's own, which other file systems do without
        String name = error.getClass().getSimpleName();
        if (error instanceof AccessControlException
                || error instanceof AccessDeniedException
                || said.endsWith("(Permission denied)")) {
            String why = error instanceof AccessDeniedException ? "Permission denied" : said;
            return new FileFailure(Kind.DENIED, path, why + "; ask its owner for access, or use a folder of your own");
        }
        if (error instanceof FileNotFoundException || error instanceof NoSuchFileException) {
            return missing(path);
        }
        if (error instanceof ParentNotDirectoryException) {
            return new FileFailure(Kind.NOT_FOLDER, path, "What it would lie in is a file, not a folder");
        }
        if (error instanceof FileAlreadyExistsException || error instanceof java.nio.file.FileAlreadyExistsException) {
            return new FileFailure(Kind.EXISTS, path, "It exists already");
        }
        if (error instanceof PathIsNotEmptyDirectoryException) {
            return new FileFailure(
                    Kind.NOT_EMPTY, path, "The folder is not empty; delete what is in it, too: recursive");
        }
        if (name.endsWith("QuotaExceededException")) {
            String advice = "; delete files there, or ask its administrator for a higher quota";
            return new FileFailure(Kind.QUOTA, path, said + advice);
        }
        if (name.equals("SafeModeException") || said.contains("Name node is in safe mode")) {
            String advice = "The NameNode is in safe mode and takes no changes; try again when it has left it";
            return new FileFailure(Kind.READ_ONLY, path, advice + " (hdfs dfsadmin -safemode get)");
        }
        if (said.contains("No space left")) {
            return new FileFailure(Kind.FULL, path, "The disk is full; delete files, or write elsewhere");
        }
        return reached(path, error, said);
    }

    private static FileFailure reached(String path, Throwable error, String said) {
        if (error instanceof UnsupportedFileSystemException) {
            String advice = "; name a scheme that Hadoop knows here, or add its jars (weft.jars)";
            return new FileFailure(Kind.UNSUPPORTED, path, said + advice);
        }
        if (error instanceof ConnectException
                || error instanceof NoRouteToHostException
                || error instanceof SocketTimeoutException
                || error instanceof UnknownHostException) {
            String advice = "; look whether it runs, and whether fs.defaultFS and the path name the right host";
            return new FileFailure(Kind.UNREACHABLE, path, "The file system cannot be reached: " + said + advice);
        }
        return new FileFailure(Kind.IO, path, said);
    }

    /** The first line of the message without the names of exceptions: Hadoop's servers append their stacks. */
    private static String said(Throwable error) {
        String message = Optional.ofNullable(error.getMessage()).orElse("").strip();
        String line = message.lines().findFirst().orElse(error.getClass().getSimpleName());
        String fact = line.replaceFirst("; +For more details see: .*", "");
        return fact.replaceAll("\\b([\\w$]+\\.)+[\\w$]+(Exception|Error): ", "");
    }
}
