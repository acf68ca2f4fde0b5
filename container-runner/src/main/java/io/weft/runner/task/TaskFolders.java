package io.weft.runner.task;

import io.weft.runner.worker.Worker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Where tasks put files, one folder of each kind per disk.
 *
 * @param output parents of MapOutput folders; other runners of the application may use them too
 * @param work this runner's own, for spill files, functions and results
 * @param files the folder of addFile and addPyFile files, in the first of {@code work}
 */
public record TaskFolders(List<Path> output, List<Path> work, Path files) {
    public TaskFolders {
        output = List.copyOf(output);
        work = List.copyOf(work);
    }

    /** Makes the folders under {@code locals}, the application's own folder on each disk. */
    public static TaskFolders create(List<Path> locals, String runner) throws IOException {
        List<Path> output = new ArrayList<>();
        List<Path> work = new ArrayList<>();
        for (Path local : locals) {
            Path folder = local.toAbsolutePath().normalize();
            output.add(Files.createDirectories(folder.resolve("output")));
            work.add(Files.createDirectories(folder.resolve("weft-" + runner)));
        }
        if (work.isEmpty()) {
            throw new IOException("runner " + runner + " has no local directory");
        }
        Path files = Files.createDirectories(work.get(0).resolve("files"));
        Files.createDirectories(work.get(0).resolve("blobs"));
        return new TaskFolders(output, work, files);
    }

    /** Folder of functions too large for memory. */
    public Path blobs() {
        return work.get(0).resolve("blobs");
    }

    /** Folder of broadcasts, shared by all runners of the application on this node. */
    public Path broadcasts() {
        return output.get(0).resolveSibling("broadcasts");
    }

    /** Folder of results too large for memory. */
    public Path results() {
        return work.get(0).resolve("results");
    }

    /** Makes the folders for a worker's spill files, one per disk. */
    public void createSpill(Worker worker) throws IOException {
        for (Path folder : spill(worker)) {
            Files.createDirectories(folder);
        }
    }

    /** Folders for the spill files of a worker. */
    public List<Path> spill(Worker worker) {
        return work.stream()
                .map(folder -> folder.resolve("spill-" + worker.pid()))
                .toList();
    }

    /** Removes what a dead worker has left. */
    public void clean(Worker worker) {
        spill(worker).forEach(TaskFolders::delete);
        for (Path folder : output) {
            try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, ".tmp-" + worker.pid() + "-*")) {
                left.forEach(TaskFolders::delete);
            } catch (IOException e) {
                // the folder has gone: nothing is left
            }
        }
    }

    /** Removes the runner's own folders; MapOutputs stay. */
    public void deleteWork() {
        work.forEach(TaskFolders::delete);
    }

    /** Removes the folders of all runners of this application, MapOutputs included; {@code locals} stay, when not empty. */
    public void deleteOutput() {
        output.forEach(TaskFolders::delete);
    }

    /** Removes a file or folder with all that is in it; none there is no error. */
    static void delete(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException e) throws IOException {
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (NoSuchFileException e) {
            // gone already
        } catch (IOException | UncheckedIOException e) {
            System.err.println("[weft] " + folder + " could not be removed: " + e);
        }
    }
}
