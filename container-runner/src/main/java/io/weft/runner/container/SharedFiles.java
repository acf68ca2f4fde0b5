package io.weft.runner.container;

import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.task.MasterBlocks;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The files of addFile and addPyFile, fetched into one folder; each appears whole or not at all. What could not be fetched is
 * fetched again when the next task wants it. Thread-safe.
 */
final class SharedFiles {
    private record Wanted(String block, CompletableFuture<Void> arrived) {}

    private final MasterBlocks master;
    private final Path folder;
    private final Executor fetchers;

    /** The newest block of each name. Guarded by this object. */
    private final Map<String, Wanted> files = new LinkedHashMap<>();

    SharedFiles(MasterBlocks master, Path folder, Executor fetchers) {
        this.master = master;
        this.folder = folder;
        this.fetchers = fetchers;
    }

    synchronized void add(RunnerCommand.AddFile file) {
        Path name = Path.of(file.name());
        if (file.name().isEmpty()
                || name.getNameCount() != 1
                || name.isAbsolute()
                || file.name().startsWith(".")) {
            throw new ProtocolException("'" + file.name() + "' cannot be the name of an added file");
        }
        Wanted before = files.get(file.name());
        CompletableFuture<Void> turn = before == null
                ? CompletableFuture.completedFuture(null)
                : before.arrived().handle((done, failure) -> null);
        files.put(file.name(), fetch(file.name(), file.block(), turn));
    }

    /** Completes when all files added so far are in the folder; fails with the first that cannot be fetched. */
    synchronized CompletableFuture<Void> ready() {
        files.replaceAll((name, wanted) -> wanted.arrived().isCompletedExceptionally()
                ? fetch(name, wanted.block(), CompletableFuture.completedFuture(null))
                : wanted);
        return CompletableFuture.allOf(
                files.values().stream().map(Wanted::arrived).toArray(CompletableFuture[]::new));
    }

    private Wanted fetch(String name, String block, CompletableFuture<Void> turn) {
        return new Wanted(block, turn.thenRunAsync(() -> fetchNow(name, block), fetchers));
    }

    private void fetchNow(String name, String block) {
        try {
            Path temporary = Files.createTempFile(folder, ".fetch-", "");
            try (InputStream in = master.open(block)) {
                Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
                Files.move(temporary, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(name + ": " + e.getMessage(), e);
        }
    }
}
