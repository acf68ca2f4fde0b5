package io.weft.master.app;

import io.weft.master.config.HadoopConf;
import io.weft.master.jobs.SharedFiles;
import io.weft.master.jobs.Stacks;
import io.weft.master.splits.FileContents;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.shuffle.BlockStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The files of addFile and addPyFile on the driver's machine: one copy each, which the driver finds under the file's name and runners
 * read as a block. Any thread.
 */
final class AddedFiles {
    private static final String COPIES = ".copies";
    /** How a file's name ends that tasks unpack to a folder of the rest of the name; see worker/PROTOCOL.md. */
    private static final String PACKED = ".weft-archive";

    private final Path folder;
    private final BlockStore blocks;
    private final HadoopConf hadoop;
    private final SharedFiles onPath;
    private int count;

    /** {@code folder}: where the driver finds them; made by the first file. */
    AddedFiles(Path folder, BlockStore blocks, HadoopConf hadoop, SharedFiles onPath) {
        this.folder = folder.toAbsolutePath();
        this.blocks = blocks;
        this.hadoop = hadoop;
        this.onPath = onPath;
    }

    Path folder() {
        return folder;
    }

    /** Copies a file; throws IllegalArgumentException with a sentence when that cannot be done. */
    RunnerCommand.AddFile add(String path, boolean python) {
        String name = path.replaceAll("/+$", "");
        return add(path, name.substring(name.lastIndexOf('/') + 1), python);
    }

    /** Copies an archive, which is unpacked where it is used; throws as {@link #add}. */
    RunnerCommand.AddFile addArchive(String path, String name) {
        return add(path, name + PACKED, true);
    }

    private synchronized RunnerCommand.AddFile add(String path, String name, boolean named) {
        if (name.isEmpty() || name.startsWith(".")) {
            throw new IllegalArgumentException("'" + path + "' names no file");
        }
        count++;
        String block = "file-" + count + "-" + name;
        try {
            Path copy = Files.createDirectories(folder.resolve(COPIES)).resolve(Integer.toString(count));
            try (InputStream in = FileContents.open(path, () -> hadoop.now().configuration())) {
                Files.copy(in, copy);
            }
            blocks.link(block, copy);
            Path link = Files.createLink(folder.resolve(COPIES).resolve(count + ".link"), copy);
            Files.move(link, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException error) {
            throw new IllegalArgumentException("'" + path + "' cannot be read: " + Stacks.message(error), error);
        }
        if (named) {
            onPath.addToPath(name);
        }
        return new RunnerCommand.AddFile(name, block, named);
    }
}
