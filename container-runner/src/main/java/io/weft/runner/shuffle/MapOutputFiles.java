package io.weft.runner.shuffle;

import io.weft.runner.protocol.MapOutputId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The map outputs of one runner, in its output folders. What the worker wrote under a temporary name becomes a map output here, by one
 * rename after its index was checked. Thread-safe.
 */
public final class MapOutputFiles {
    /** What was published: the folder, absolute. */
    public record Published(Path path, int partitions, long bytes) {}

    private record Output(int shuffle, Path path) {}

    private static final String TEMPORARY_PREFIX = ".tmp-";
    private static final Pattern TEMPORARY = Pattern.compile("\\.tmp-([0-9]{1,18})-.*");
    private static final long MAX_INDEX_CACHE_BYTES = 16L << 20;
    /** The NodeManager's user reads them through the group. */
    private static final Set<PosixFilePermission> FOLDER_MODE = PosixFilePermissions.fromString("rwxr-x---");

    private static final Set<PosixFilePermission> FILE_MODE = PosixFilePermissions.fromString("rw-r-----");

    private final List<Path> folders;
    /** By id; all and only the outputs published and not dropped. */
    private final Map<String, Output> outputs = new ConcurrentHashMap<>();

    private final IndexCache indexes =
            new IndexCache(Math.min(MAX_INDEX_CACHE_BYTES, Runtime.getRuntime().maxMemory() / 24));

    /** {@code folders}: one per disk, made when absent; none in the ApplicationMaster. */
    public MapOutputFiles(List<Path> folders) throws IOException {
        List<Path> absolute = new ArrayList<>();
        for (Path folder : folders) {
            Path path = folder.toAbsolutePath().normalize();
            if (!Files.isDirectory(path)) {
                Files.createDirectories(path);
                Files.setPosixFilePermissions(path, FOLDER_MODE);
            }
            absolute.add(path);
        }
        this.folders = List.copyOf(absolute);
    }

    /** The folders, absolute, in the order given. */
    public List<Path> folders() {
        return folders;
    }

    /**
     * Checks what the worker left in {@code temporary}, and renames it to its id beside it. What is wrong is deleted.
     *
     * @throws IOException when the folder is not a temporary one of ours, its index is wrong, or the id was published before
     */
    public Published publish(Path temporary, MapOutputId id) throws IOException {
        Objects.requireNonNull(id, "id is null");
        Path source = temporary.toAbsolutePath().normalize();
        if (!folders.contains(source.getParent())
                || !source.getFileName().toString().startsWith(TEMPORARY_PREFIX)) {
            throw new IOException(
                    "map output " + id.folder() + " is in " + source + ", which is no temporary folder of this runner");
        }
        Path target = source.resolveSibling(id.folder());
        try {
            MapOutputIndex index = MapOutputIndex.read(source);
            setModes(source);
            if (Files.exists(target)) {
                throw new IOException(target + " exists, and a map output is never written twice");
            }
            Files.move(source, target, StandardCopyOption.ATOMIC_MOVE);
            indexes.add(target, index);
            outputs.put(id.folder(), new Output(id.shuffle(), target));
            return new Published(target, index.partitions(), index.bytes());
        } catch (IOException | RuntimeException e) {
            delete(source);
            throw e;
        }
    }

    /** The folder of a published output. */
    public Optional<Path> find(String id) {
        return Optional.ofNullable(outputs.get(id)).map(Output::path);
    }

    /**
     * Partitions {@code from} to {@code to} (exclusive) of a published output, or empty when there is none of that id.
     *
     * @throws IllegalArgumentException when it has no such partitions
     */
    Optional<Region> open(String id, int from, int to) throws IOException {
        Output output = outputs.get(id);
        if (output == null) {
            return Optional.empty();
        }
        try {
            MapOutputIndex index = indexes.read(output.path());
            long length = index.length(from, to);
            Path data = output.path().resolve(MapOutputIndex.DATA_FILE);
            return Optional.of(Region.ofFile(data, index.offset(from), length));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Deletes the outputs of a shuffle. */
    public void drop(int shuffle) {
        for (Map.Entry<String, Output> entry : outputs.entrySet()) {
            if (entry.getValue().shuffle() == shuffle && outputs.remove(entry.getKey(), entry.getValue())) {
                indexes.forget(entry.getValue().path());
                delete(entry.getValue().path());
            }
        }
    }

    /** Deletes one output. */
    public void drop(MapOutputId id) {
        Output output = outputs.remove(id.folder());
        if (output != null) {
            indexes.forget(output.path());
            delete(output.path());
        }
    }

    /** Deletes an attempt's temporary folder, if it is one; for workers that died before they could. */
    public void discard(Path temporary) {
        Path source = temporary.toAbsolutePath().normalize();
        if (folders.contains(source.getParent())
                && source.getFileName().toString().startsWith(TEMPORARY_PREFIX)) {
            delete(source);
        }
    }

    /** Deletes the temporary folders that a worker of process id {@code pid} left when it died. */
    public void discardOf(long pid) {
        for (Path folder : folders) {
            try (Stream<Path> entries = Files.list(folder)) {
                String prefix = TEMPORARY_PREFIX + pid + "-";
                entries.filter(entry -> entry.getFileName().toString().startsWith(prefix))
                        .forEach(MapOutputFiles::delete);
            } catch (IOException e) {
                // The disk is gone, and with it what was to be deleted.
                continue;
            }
        }
    }

    /**
     * Deletes all outputs published here, and what workers that run no more have left unpublished. The folders stay: other runners of
     * the application may write into them.
     */
    public void dropAll() {
        for (Output output : outputs.values()) {
            delete(output.path());
        }
        outputs.clear();
        for (Path folder : folders) {
            try (Stream<Path> entries = Files.list(folder)) {
                entries.filter(MapOutputFiles::isOfDeadWorker).forEach(MapOutputFiles::delete);
            } catch (IOException e) {
                // The disk is gone, and with it what was to be deleted.
                continue;
            }
        }
    }

    private static boolean isOfDeadWorker(Path folder) {
        Matcher temporary = TEMPORARY.matcher(folder.getFileName().toString());
        return temporary.matches()
                && ProcessHandle.of(Long.parseLong(temporary.group(1))).isEmpty();
    }

    private static void setModes(Path folder) throws IOException {
        Files.setPosixFilePermissions(folder.resolve(MapOutputIndex.DATA_FILE), FILE_MODE);
        Files.setPosixFilePermissions(folder.resolve(MapOutputIndex.INDEX_FILE), FILE_MODE);
        Files.setPosixFilePermissions(folder, FOLDER_MODE);
    }

    /** A map output's folder is flat. */
    private static void delete(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            files.forEach(MapOutputFiles::deleteOne);
        } catch (IOException e) {
            // Gone already, or its disk is: nothing is left that could be deleted.
            return;
        }
        deleteOne(folder);
    }

    private static void deleteOne(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // The container's folder is removed as a whole when the application ends.
            return;
        }
    }
}
