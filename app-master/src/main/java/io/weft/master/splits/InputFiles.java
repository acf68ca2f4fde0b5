package io.weft.master.splits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** Finds the files that input paths stand for, by the rules of Hadoop's FileInputFormat. Serves one listing. */
final class InputFiles {
    private static final int MAX_THREADS = 8;
    /** So many files of one folder are asked for one by one; of more, the folder is listed. */
    private static final int FEW_FILES = 20;

    private static final String BEING_COPIED = "._COPYING_";
    /** More entries of a folder are not counted, only to tell of them. */
    private static final int MAX_COUNTED = 10_000;
    /** What Hadoop cuts local files at. */
    private static final long LOCAL_BLOCK_BYTES = 32L << 20;

    private static final String RECURSIVE = "mapreduce.input.fileinputformat.input.dir.recursive";
    private static final String IGNORE_FOLDERS =
            "mapreduce.input.fileinputformat.input.dir.nonrecursive.ignore.subdirs";
    private static final Comparator<FileStatus> BY_PATH = Comparator.comparing(FileStatus::getPath);

    private final Configuration conf;
    private final boolean localFirst;
    private final String site;
    private final boolean recursive;
    private final boolean ignoreFolders;
    /** Hidden files and folders that were met; folders are listed by several threads. */
    private final Set<Path> skipped = ConcurrentHashMap.newKeySet();

    InputFiles(Configuration conf, boolean localFirst, String site) {
        this.conf = conf;
        this.localFirst = localFirst;
        this.site = site;
        this.recursive = conf.getBoolean(RECURSIVE, false);
        this.ignoreFolders = conf.getBoolean(IGNORE_FOLDERS, false);
    }

    /** The files of a comma list of paths, in its order; those of one pattern or folder sorted by path. */
    List<LocatedFileStatus> list(String paths) throws IOException {
        Optional<LocatedFileStatus> local = oneLocalFile(paths);
        if (local.isPresent()) {
            return List.of(local.get());
        }
        List<FileStatus> matches = new ArrayList<>();
        for (String path : splitAtCommas(paths)) {
            if (path.isEmpty()) {
                throw new SplitException(
                        SplitException.MISSING, "the path '" + paths + "' has an empty part (" + site + ")", null);
            }
            matches.addAll(matches(new Path(path)));
        }
        if (matches.size() == 1) {
            return expand(matches.get(0), Map.of());
        }
        return expandAll(matches);
    }

    /** The commonest case without Hadoop's FileSystem, whose classes cost a cold JVM a third of a second: one local file, named. */
    private Optional<LocatedFileStatus> oneLocalFile(String paths) throws IOException {
        boolean local = localFirst || conf.get("fs.defaultFS", "file:///").startsWith("file:");
        String name =
                paths.startsWith("file:/") ? paths.substring("file:".length()).replaceFirst("^/+", "/") : paths;
        if (name.isEmpty() || (name.equals(paths) && !local) || !name.matches("[^,:*?{}\\[\\]\\\\]+")) {
            return Optional.empty();
        }
        java.nio.file.Path file = java.nio.file.Path.of(name).toAbsolutePath().normalize();
        if (!Files.isRegularFile(file) || !isVisible(new Path(name))) {
            return Optional.empty();
        }
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        Path path = new Path("file", null, file.toString());
        FileStatus status = new FileStatus(
                attributes.size(),
                false,
                1,
                conf.getLong("fs.local.block.size", LOCAL_BLOCK_BYTES),
                attributes.lastModifiedTime().toMillis(),
                path);
        return Optional.of(new LocatedFileStatus(status, null));
    }

    /** Splits at commas outside braces; an escaped comma stays, escaped, which patterns understand. */
    static List<String> splitAtCommas(String paths) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int at = 0; at < paths.length(); at++) {
            char letter = paths.charAt(at);
            if (letter == '\\') {
                at++;
            } else if (letter == '{') {
                depth++;
            } else if (letter == '}') {
                depth = Math.max(0, depth - 1);
            } else if (letter == ',' && depth == 0) {
                parts.add(paths.substring(start, at));
                start = at + 1;
            }
        }
        parts.add(paths.substring(start));
        return parts;
    }

    /** How many files and folders were passed over; the marks that Hadoop itself leaves beside data do not count. */
    int skipped() {
        return skipped.size();
    }

    private static boolean isVisible(Path path) {
        String name = path.getName();
        return !name.startsWith("_") && !name.startsWith(".") && !name.endsWith(BEING_COPIED);
    }

    private boolean accept(Path path) {
        boolean visible = isVisible(path);
        String name = path.getName();
        if (!visible && !name.equals("_SUCCESS") && !name.endsWith(".crc")) {
            skipped.add(path);
        }
        return visible;
    }

    private List<FileStatus> matches(Path given) throws IOException {
        FileSystem files = given.getFileSystem(conf);
        if (localFirst && given.toUri().getScheme() == null && !"file".equals(files.getScheme())) {
            FileSystem local = FileSystem.getLocal(conf);
            FileStatus[] found = local.globStatus(local.makeQualified(given), this::accept);
            if (found != null && found.length > 0) {
                return sorted(found);
            }
        }
        Path path = files.makeQualified(given);
        FileStatus[] found = files.globStatus(path, this::accept);
        if (found == null) {
            boolean unseen = !isVisible(path) && files.exists(path);
            String missing =
                    unseen ? hidden(path) : path + " does not exist (" + site + ")." + hint(files, path, given);
            throw new SplitException(SplitException.MISSING, missing, null);
        }
        if (found.length == 0) {
            throw new SplitException(SplitException.MISSING, noMatch(files, path), null);
        }
        return sorted(found);
    }

    private static List<FileStatus> sorted(FileStatus[] found) {
        List<FileStatus> list = new ArrayList<>(List.of(found));
        list.sort(BY_PATH);
        return list;
    }

    private String localTwin(Path given) throws IOException {
        if (given.toUri().getScheme() != null) {
            return "";
        }
        Path local = FileSystem.getLocal(conf).makeQualified(given);
        java.nio.file.Path twin = java.nio.file.Path.of(local.toUri().getPath());
        if (!Files.exists(twin)) {
            return "";
        }
        return "\nA local file of that name does: file://" + local.toUri().getPath();
    }

    private String hidden(Path path) {
        boolean copied = path.getName().endsWith(BEING_COPIED);
        String why = copied ? "ends with '" + BEING_COPIED + "': it is still being copied" : "starts with '_' or '.'";
        return path + " is hidden, since its name " + why + " (" + site
                + "). Rename it, or read its folder's other files.";
    }

    private String noMatch(FileSystem files, Path pattern) throws IOException {
        if (files.exists(pattern)) {
            return hidden(pattern);
        }
        Path folder = pattern;
        while (folder.getParent() != null && isPattern(folder)) {
            folder = folder.getParent();
        }
        return "The pattern " + pattern + " matches no file (" + site + ").\n" + content(files, folder);
    }

    private String hint(FileSystem files, Path path, Path given) throws IOException {
        String twin = "file".equals(files.getScheme()) ? "" : localTwin(given);
        if (!twin.isEmpty() || path.getParent() == null) {
            return twin;
        }
        return "\n" + content(files, path.getParent());
    }

    /** What a folder holds, in one sentence; looks at no more of it than it tells. */
    private static String content(FileSystem files, Path folder) throws IOException {
        String first = "";
        int count = 0;
        try {
            RemoteIterator<FileStatus> entries = files.listStatusIterator(folder);
            while (count < MAX_COUNTED && entries.hasNext()) {
                String name = entries.next().getPath().getName();
                first = first.isEmpty() || name.compareTo(first) < 0 ? name : first;
                count++;
            }
        } catch (java.io.FileNotFoundException e) {
            return "Its folder " + folder + " does not exist.";
        } catch (IOException e) {
            return "Its folder " + folder + " cannot be listed.";
        }
        if (count == 0) {
            return "Its folder " + folder + " is empty.";
        }
        String many = count == MAX_COUNTED ? "at least " : "";
        return String.format(
                        "Its folder %s has %s%,d %s", folder, many, count, count == 1 ? "entry, " : "entries, e.g. ")
                + first;
    }

    private static boolean isPattern(Path path) {
        return path.toString().matches(".*[*?\\[{\\\\].*");
    }

    private List<LocatedFileStatus> expandAll(List<FileStatus> matches) throws IOException {
        int threads = Math.min(MAX_THREADS, matches.size());
        ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, threads), runnable -> {
            Thread thread = new Thread(runnable, "split-lister");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<List<LocatedFileStatus>>> running = new ArrayList<>(matches.size());
            Map<Path, Future<Map<Path, LocatedFileStatus>>> folders = new HashMap<>();
            for (Path folder : crowded(matches)) {
                folders.put(folder, pool.submit(() -> located(folder)));
            }
            for (FileStatus match : matches) {
                Future<Map<Path, LocatedFileStatus>> folder =
                        folders.get(match.getPath().getParent());
                running.add(pool.submit(() -> expand(match, folder == null ? Map.of() : folder.get())));
            }
            List<LocatedFileStatus> all = new ArrayList<>();
            for (Future<List<LocatedFileStatus>> folder : running) {
                all.addAll(folder.get());
            }
            return all;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("listing was interrupted");
        } finally {
            pool.shutdownNow();
        }
    }

    /** Folders of which a pattern names many files: to ask for each one's blocks would cost a call each. */
    private static Set<Path> crowded(List<FileStatus> matches) {
        Map<Path, Integer> files = new HashMap<>();
        for (FileStatus match : matches) {
            if (match.isFile()) {
                files.merge(match.getPath().getParent(), 1, Integer::sum);
            }
        }
        files.values().removeIf(count -> count <= FEW_FILES);
        return files.keySet();
    }

    private Map<Path, LocatedFileStatus> located(Path folder) throws IOException {
        Map<Path, LocatedFileStatus> found = new HashMap<>();
        RemoteIterator<LocatedFileStatus> listing = folder.getFileSystem(conf).listLocatedStatus(folder);
        while (listing.hasNext()) {
            LocatedFileStatus entry = listing.next();
            found.put(entry.getPath(), entry);
        }
        return found;
    }

    private List<LocatedFileStatus> expand(FileStatus match, Map<Path, LocatedFileStatus> known) throws IOException {
        LocatedFileStatus listed = known.get(match.getPath());
        if (listed != null) {
            return List.of(listed);
        }
        FileSystem files = match.getPath().getFileSystem(conf);
        List<LocatedFileStatus> found = new ArrayList<>();
        if (match.isDirectory()) {
            addFolder(files, match.getPath(), found);
        } else {
            BlockLocation[] locations = files.getFileBlockLocations(match, 0, match.getLen());
            found.add(new LocatedFileStatus(match, locations));
        }
        return found;
    }

    private void addFolder(FileSystem files, Path folder, List<LocatedFileStatus> found) throws IOException {
        List<LocatedFileStatus> entries = new ArrayList<>();
        RemoteIterator<LocatedFileStatus> listing = files.listLocatedStatus(folder);
        while (listing.hasNext()) {
            LocatedFileStatus entry = listing.next();
            if (accept(entry.getPath())) {
                entries.add(entry);
            }
        }
        entries.sort(BY_PATH);
        for (LocatedFileStatus entry : entries) {
            if (entry.isFile()) {
                found.add(entry);
            } else if (recursive) {
                addFolder(files, entry.getPath(), found);
            } else if (!ignoreFolders) {
                throw new SplitException(
                        SplitException.MISSING,
                        entry.getPath() + " is a folder inside the input folder, not a file (" + site
                                + "). Name files or folders of" + " files, such as " + folder + "/*, or set "
                                + RECURSIVE + "=true.",
                        null);
            }
        }
    }
}
