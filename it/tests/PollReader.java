import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.protocol.HdfsFileStatus;

/**
 * Lists a folder of HDFS every so many milliseconds until standard input ends: FOLDER MILLIS. A line for each listing that differs from
 * the one before: how many came before it, then "none" or "name number length" of each file, with tabs between; now and then "looked"
 * and how often; at last "looks", how many, and the microseconds between the beginnings of two: in the middle, of a hundred the longest
 * but one, the longest.
 */
public final class PollReader {
    private static final int MOST_LOOKS = 1 << 20;
    private static final int TOLD_LOOKS = 10;

    public static void main(String[] arguments) throws Exception {
        Path folder = new Path(arguments[0]);
        long every = Long.parseLong(arguments[1]) * 1_000_000;
        FileSystem files = folder.getFileSystem(new Configuration());
        look(files, folder); // the first one connects
        Thread.currentThread().setPriority(Thread.MAX_PRIORITY);
        System.out.println("ready");
        long[] between = new long[MOST_LOOKS];
        int looks = 0;
        String last = "";
        long start = System.nanoTime();
        long before = start;
        for (long next = start; !ended(); next = Math.max(next + every, System.nanoTime())) {
            for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
                Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
            }
            long now = System.nanoTime();
            if (looks > 0) {
                between[Math.min(looks - 1, MOST_LOOKS - 1)] = (now - before) / 1_000;
            }
            before = now;
            String seen = look(files, folder);
            looks++;
            if (!seen.equals(last)) {
                last = seen;
                System.out.println((looks - 1) + "\t" + seen);
            }
            if (looks % TOLD_LOOKS == 0) {
                System.out.println("looked\t" + looks);
            }
        }
        long[] sorted = Arrays.copyOf(between, Math.max(1, Math.min(looks - 1, MOST_LOOKS)));
        Arrays.sort(sorted);
        System.out.println("looks\t" + looks + "\t" + sorted[sorted.length / 2] + "\t" + sorted[sorted.length * 99 / 100] + "\t"
                + sorted[sorted.length - 1]);
    }

    /** Whoever started this writes a byte when it is to end. */
    private static boolean ended() throws IOException {
        return System.in.available() > 0;
    }

    private static String look(FileSystem files, Path folder) throws IOException {
        FileStatus[] found;
        try {
            found = files.listStatus(folder);
        } catch (FileNotFoundException absent) {
            return "none";
        }
        TreeSet<String> names = new TreeSet<>();
        for (FileStatus one : found) {
            names.add(one.getPath().getName() + " " + ((HdfsFileStatus) one).getFileId() + " " + one.getLen());
        }
        return "some\t" + String.join("\t", names);
    }
}
