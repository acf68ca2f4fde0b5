package io.weft.runner.task;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Functions by their hash, fetched once from the ApplicationMaster: small ones stay in memory, larger ones in files of
 * {@code folder}, both up to a limit, least recently used first out. Thread-safe; two that need the same blob fetch it once.
 */
public final class BlobCache {
    static final int LARGEST_IN_MEMORY_BYTES = 1 << 20;
    private static final long MEMORY_BYTES = 32L << 20;
    private static final long FILE_BYTES = 1L << 30;
    /** Small ones are mostly overhead, so they are counted, too; a worker asks for each once as long as it knows it. */
    static final int MOST_BLOBS = 512;

    /** One blob: its bytes, or the file that holds it. */
    private record Blob(byte[] bytes, Path file, long length) {
        boolean isInMemory() {
            return file == null;
        }

        InputStream open() throws IOException {
            return isInMemory() ? new ByteArrayInputStream(bytes) : Files.newInputStream(file);
        }
    }

    private final MasterBlocks master;
    private final Path folder;
    private final long maxMemoryBytes;
    private final long maxFileBytes;

    /** Blobs and those being fetched, least recently used first. Guarded by this object, as all below. */
    private final Map<String, CompletableFuture<Blob>> blobs = new LinkedHashMap<>(16, 0.75f, true);

    private long memoryBytes;
    private long fileBytes;

    public BlobCache(MasterBlocks master, Path folder) {
        this(master, folder, MEMORY_BYTES, FILE_BYTES);
    }

    BlobCache(MasterBlocks master, Path folder, long maxMemoryBytes, long maxFileBytes) {
        this.master = master;
        this.folder = folder;
        this.maxMemoryBytes = maxMemoryBytes;
        this.maxFileBytes = maxFileBytes;
    }

    /** The blob's bytes; fetches it when it is not here. The caller closes the stream. */
    public InputStream open(String hash) throws IOException {
        CompletableFuture<Blob> mine = new CompletableFuture<>();
        CompletableFuture<Blob> found;
        synchronized (this) {
            found = blobs.putIfAbsent(hash, mine);
        }
        if (found == null) {
            fetchInto(mine, hash);
            found = mine;
        }
        try {
            return found.join().open();
        } catch (CompletionException e) {
            throw new IOException(
                    "function " + hash + " could not be fetched: "
                            + e.getCause().getMessage(),
                    e.getCause());
        }
    }

    private void fetchInto(CompletableFuture<Blob> future, String hash) {
        try {
            Blob blob = fetch(hash);
            synchronized (this) {
                memoryBytes += blob.isInMemory() ? blob.length() : 0;
                fileBytes += blob.isInMemory() ? 0 : blob.length();
                future.complete(blob);
                evict(hash);
            }
        } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
            synchronized (this) {
                blobs.remove(hash, future);
            }
            future.completeExceptionally(e);
        }
    }

    private void evict(String newest) throws IOException {
        var oldest = blobs.entrySet().iterator();
        while (isFull() && oldest.hasNext()) {
            Map.Entry<String, CompletableFuture<Blob>> entry = oldest.next();
            if (!entry.getValue().isDone() || entry.getKey().equals(newest)) {
                continue;
            }
            Blob blob = entry.getValue().join();
            boolean tooMany = blobs.size() > MOST_BLOBS;
            if (tooMany || (blob.isInMemory() ? memoryBytes > maxMemoryBytes : fileBytes > maxFileBytes)) {
                oldest.remove();
                memoryBytes -= blob.isInMemory() ? blob.length() : 0;
                fileBytes -= blob.isInMemory() ? 0 : blob.length();
                if (!blob.isInMemory()) {
                    Files.deleteIfExists(blob.file());
                }
            }
        }
    }

    private boolean isFull() {
        return memoryBytes > maxMemoryBytes || fileBytes > maxFileBytes || blobs.size() > MOST_BLOBS;
    }

    private Blob fetch(String hash) throws IOException {
        if (!hash.matches("[0-9a-f]{64}")) {
            throw new IOException("'" + hash + "' is not a SHA-256 in hexadecimal");
        }
        MessageDigest digest = sha256();
        try (InputStream in = master.open(hash)) {
            byte[] head = in.readNBytes(LARGEST_IN_MEMORY_BYTES + 1);
            digest.update(head);
            if (head.length <= LARGEST_IN_MEMORY_BYTES) {
                check(hash, digest);
                return new Blob(head, null, head.length);
            }
            Path file = folder.resolve(hash);
            Path temporary = Files.createTempFile(folder, ".blob", "");
            try {
                copy(head, in, temporary, digest);
                check(hash, digest);
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
            return new Blob(new byte[0], file, Files.size(file));
        }
    }

    private static void copy(byte[] head, InputStream in, Path to, MessageDigest digest) throws IOException {
        try (OutputStream out = Files.newOutputStream(to)) {
            out.write(head);
            byte[] buffer = new byte[256 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
                out.write(buffer, 0, read);
            }
        }
    }

    private static void check(String hash, MessageDigest digest) throws IOException {
        String actual = HexFormat.of().formatHex(digest.digest());
        if (!actual.equals(hash)) {
            throw new IOException("the bytes that came have hash " + actual);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
