package io.weft.master.submit;

import io.weft.runner.container.ApplicationRecord;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * The user's own copies of the framework archive that nothing uses any more. A copy goes when no submit has used it for
 * {@link #UNUSED_MILLIS} and no application whose staging folder still stands names it. When a copy was last used is told by the time of
 * an empty file beside it; its own time must never change, since NodeManagers check it.
 */
final class OldFrameworks {
    static final long UNUSED_MILLIS = TimeUnit.DAYS.toMillis(7);
    private static final long MARK_EVERY_MILLIS = TimeUnit.DAYS.toMillis(1);
    private static final String MARK = ".used";

    /** A copy, or an upload of one that was broken off. */
    private static final Pattern COPY =
            Pattern.compile("\\.?weft-[0-9a-f]{32}\\.(tar|tar\\.gz)(\\.[0-9a-f]{8}-[0-9a-f-]{27})?");

    private final FileSystem files;

    OldFrameworks(FileSystem files) {
        this.files = files;
    }

    /** Where the user's copies are. */
    static Path folder(FileSystem files) {
        return files.makeQualified(new Path(files.getHomeDirectory(), ".weft/framework"));
    }

    /** Notes, once a day, that {@code archive} is used; before it is looked for, so that nobody removes it in between. */
    static void markUsed(FileSystem files, Path archive, long nowMillis) throws IOException {
        Path mark = new Path(archive.getParent(), archive.getName() + MARK);
        try {
            if (nowMillis - files.getFileStatus(mark).getModificationTime() < MARK_EVERY_MILLIS) {
                return;
            }
        } catch (FileNotFoundException first) {
            FileSystem.mkdirs(files, archive.getParent(), new FsPermission((short) 0755));
        }
        files.create(mark, true).close();
    }

    /** Removes old copies, never {@code used}; those of applications whose record cannot be read stay too, as all do then. */
    void remove(String used, long nowMillis) throws IOException {
        Path folder = folder(files);
        if (!files.exists(folder)) {
            return;
        }
        Map<String, Long> times = new HashMap<>();
        for (FileStatus status : files.listStatus(folder)) {
            times.put(status.getPath().getName(), status.getModificationTime());
        }
        List<String> old = new ArrayList<>();
        times.forEach((name, time) -> {
            long lastUse = Math.max(time, times.getOrDefault(name + MARK, 0L));
            if (COPY.matcher(name).matches() && !name.equals(used) && nowMillis - lastUse > UNUSED_MILLIS) {
                old.add(name);
            }
        });
        if (old.isEmpty()) {
            return;
        }
        List<String> running = runningRecords();
        for (String name : old) {
            if (running.stream().noneMatch(record -> record.contains(name))) {
                files.delete(new Path(folder, name), false);
                files.delete(new Path(folder, name + MARK), false);
            }
        }
    }

    /** The records of applications that have not ended, which name the archive that their next container needs. */
    private List<String> runningRecords() throws IOException {
        List<String> records = new ArrayList<>();
        for (String application : Staging.leftOver(files)) {
            byte[] record = Staging.of(files, application).read(ApplicationRecord.NAME);
            records.add(new String(record, StandardCharsets.UTF_8));
        }
        return records;
    }
}
