package io.weft.runner.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * The hidden place beside an output in which it is made, and the steps by which it becomes the output. Beside {@code /out/day} lies
 * {@code /out/.day.weft/} with, by the job's name,
 *
 * <ol>
 *   <li>{@code NAME.new}: the output in the making; with _SUCCESS, complete;
 *   <li>{@code NAME.old}: the output before it, moved away; the new one takes its place next;
 *   <li>{@code NAME.append}: a complete output whose files are being moved among those that are there;
 *   <li>{@code NAME.merge}: the same, over those of the same names.
 * </ol>
 *
 * Whatever a process that died has left is brought to an end, or removed, by the next save to the same path ({@link #recover}). Used by
 * one thread.
 */
final class Staging {
    private static final String SUCCESS = "_SUCCESS";
    private static final String NEW = ".new";
    private static final String OLD = ".old";
    private static final String APPEND = ".append";
    private static final String MERGE = ".merge";
    /** Nobody works at what has not changed for so long. */
    private static final long ABANDONED_MILLIS = 7L * 24 * 60 * 60 * 1000;
    /** Object stores copy when they rename; their committers make an output appear in their own ways. */
    private static final Set<String> COPYING = Set.of("s3", "s3a", "s3n", "gs", "oss", "cosn", "obs");

    private static final Pattern HIDDEN = Pattern.compile("\\.([^/\\s]+)\\.weft(?:/[^/\\s]+\\.new)?(?=[/:,;\\s]|$)");

    private final Path target;
    private final SaveMode mode;
    private final StagedName name;
    private final Configuration conf;
    private final FileSystem files;
    private final Path folder;

    Staging(Path target, SaveMode mode, StagedName name, Configuration conf) throws IOException {
        this.target = target;
        this.mode = Objects.requireNonNull(mode, "mode is null");
        this.name = Objects.requireNonNull(name, "name is null");
        this.conf = conf;
        this.files = target.getFileSystem(conf);
        this.folder = new Path(target.getParent(), "." + target.getName() + ".weft");
    }

    /** Whether an output there can be made beside its place; a root has no place beside it. */
    static boolean serves(Path target) {
        return !COPYING.contains(String.valueOf(target.toUri().getScheme())) && target.getParent() != null;
    }

    /** A message in which hidden places are called what they will become. */
    static String shown(String message) {
        return message.contains(".weft") ? HIDDEN.matcher(message).replaceAll("$1") : message;
    }

    /** Where the output is made. */
    Path work() {
        return new Path(folder, name.text() + NEW);
    }

    /** The names that files get which must not meet others. */
    String unique() {
        return mode == SaveMode.APPEND ? "-" + name.unique() : "";
    }

    /** Brings to an end what others have left, and fails with E03 where the output must not exist. */
    void check(String site) throws IOException {
        recover();
        FileStatus there = status(target);
        if (there != null && mode == SaveMode.ERROR) {
            throw exists(" (" + site + "); nothing was run.\nDelete it, choose another path, or save with"
                    + " mode=\"overwrite\" or \"append\".");
        }
        if (there != null && !there.isDirectory()) {
            throw exists(" and is a file (" + site + "); nothing was run.\nDelete it, or choose another path.");
        }
    }

    private OutputException exists(String rest) {
        return new OutputException(OutputException.EXISTS, target + " exists" + rest, null);
    }

    /** Makes the complete output appear. */
    void publish() throws IOException {
        switch (mode) {
            case ERROR -> appear();
            case OVERWRITE -> replace();
            case APPEND -> moveAmong(APPEND);
            case MERGE -> moveAmong(MERGE);
        }
        removeIfEmpty(folder);
    }

    /** Removes what was made. */
    void discard() throws IOException {
        files.delete(work(), true);
        removeIfEmpty(folder);
    }

    private void appear() throws IOException {
        try {
            rename(work(), target);
        } catch (FileAlreadyExistsException | java.nio.file.FileAlreadyExistsException e) {
            throw exists(" by now: something else wrote it while this job ran; what this job made is dropped.");
        }
    }

    private void replace() throws IOException {
        Path old = new Path(folder, name.text() + OLD);
        boolean moved = status(target) != null;
        if (moved) {
            rename(target, old);
        }
        try {
            rename(work(), target);
        } catch (IOException e) {
            boolean othersDid = status(work()) == null && status(target) != null;
            if (!othersDid) {
                if (moved && status(target) == null) {
                    rename(old, target);
                }
                throw e;
            }
        }
        files.delete(old, true);
    }

    private void moveAmong(String suffix) throws IOException {
        if (status(target) == null) {
            appear();
            return;
        }
        Path complete = new Path(folder, name.text() + suffix);
        rename(work(), complete);
        moveIn(complete);
    }

    /** Moves the files of a complete output among those that are there; may be done again and by two at once. */
    private void moveIn(Path complete) throws IOException {
        files.delete(new Path(target, SUCCESS), false);
        List<Path> moved = new ArrayList<>();
        try {
            RemoteIterator<LocatedFileStatus> listing = files.listFiles(complete, true);
            while (listing.hasNext()) {
                moved.add(listing.next().getPath());
            }
        } catch (FileNotFoundException e) {
            return;
        }
        moved.sort(Comparator.naturalOrder());
        for (Path file : moved) {
            String inside = complete.toUri().relativize(file.toUri()).getPath();
            if (!inside.equals(SUCCESS)) {
                Path place = new Path(target, inside);
                files.mkdirs(place.getParent());
                if (complete.getName().endsWith(MERGE) && status(file) != null) {
                    files.delete(place, true);
                }
                if (!files.rename(file, place) && status(file) != null) {
                    throw new IOException(file + " cannot be moved to " + place);
                }
            }
        }
        files.create(new Path(target, SUCCESS), true).close();
        files.delete(complete, true);
    }

    /** Ends what processes have left that died: see the class. */
    private void recover() throws IOException {
        FileStatus[] left;
        try {
            left = files.listStatus(folder);
        } catch (FileNotFoundException e) {
            return;
        }
        for (FileStatus one : left) {
            String found = one.getPath().getName();
            if (found.endsWith(OLD)) {
                finish(one.getPath(), new Path(folder, found.substring(0, found.length() - OLD.length()) + NEW));
            } else if (found.endsWith(APPEND) || found.endsWith(MERGE)) {
                files.mkdirs(target);
                moveIn(one.getPath());
            }
        }
        for (FileStatus one : left) {
            if (one.getPath().getName().endsWith(NEW) && isAbandoned(one)) {
                files.delete(one.getPath(), true);
            }
        }
        removeIfEmpty(folder);
    }

    /** Somebody had moved the old output away and died: the new one takes its place where it is complete, else the old one again. */
    private void finish(Path old, Path made) throws IOException {
        if (status(target) == null) {
            boolean complete = status(new Path(made, SUCCESS)) != null;
            rename(complete ? made : old, target);
        }
        files.delete(old, true);
    }

    private boolean isAbandoned(FileStatus made) throws IOException {
        if (name.isOfAnEarlierAttempt(made.getPath().getName())) {
            return true;
        }
        long changed = made.getModificationTime();
        try {
            for (FileStatus inside : files.listStatus(new Path(made.getPath(), "_temporary"))) {
                changed = Math.max(changed, inside.getModificationTime());
            }
        } catch (FileNotFoundException e) {
            // complete, or never begun
        }
        return System.currentTimeMillis() - changed > ABANDONED_MILLIS;
    }

    private FileStatus status(Path path) throws IOException {
        try {
            return files.getFileStatus(path);
        } catch (FileNotFoundException e) {
            return null;
        }
    }

    private void removeIfEmpty(Path path) {
        try {
            files.delete(path, false);
        } catch (IOException e) {
            // another job works in it
        }
    }

    /** Fails where the new name exists; a plain rename would move into a folder that is there. */
    private void rename(Path from, Path to) throws IOException {
        if ("file".equals(to.toUri().getScheme())) {
            java.nio.file.Path there = java.nio.file.Path.of(to.toUri().getPath());
            if (Files.exists(there)) {
                throw new FileAlreadyExistsException(to.toString());
            }
            Files.move(java.nio.file.Path.of(from.toUri().getPath()), there, StandardCopyOption.ATOMIC_MOVE);
            return;
        }
        try {
            FileContext.getFileContext(to.toUri(), conf).rename(from, to);
        } catch (UnsupportedFileSystemException e) {
            if (status(to) != null) {
                throw new FileAlreadyExistsException(to.toString());
            }
            if (!files.rename(from, to)) {
                throw new IOException(from + " cannot be renamed to " + to);
            }
        }
    }
}
