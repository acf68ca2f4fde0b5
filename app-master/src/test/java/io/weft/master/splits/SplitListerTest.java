package io.weft.master.splits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.InputSpec;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.mapred.FileInputFormat;
import org.apache.hadoop.mapred.FileSplit;
import org.apache.hadoop.mapred.InputSplit;
import org.apache.hadoop.mapred.JobConf;
import org.apache.hadoop.mapred.TextInputFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitListerTest {
    private static final String SITE = "textFile at etl.py:12";

    @TempDir
    Path folder;

    private final Configuration conf = new Configuration();

    @Test
    void cutsAsHadoopsTextInputFormat() throws IOException {
        String[] names = {"a.txt", "b.gz", "c.bz2", "d", "_hidden", ".hidden", "e.txt", "f.deflate"};
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            Path input = Files.createDirectory(folder.resolve("seed" + seed));
            for (String name : names) {
                if (random.nextBoolean()) {
                    Files.write(input.resolve(name), new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(3000)]);
                }
            }
            conf.setLong("fs.local.block.size", 100 + random.nextInt(2000));
            conf.setLong("mapreduce.input.fileinputformat.split.minsize", random.nextInt(3) * 300L);
            conf.setBoolean("fs.file.impl.disable.cache", true);
            int wanted = random.nextInt(12);
            assertEquals(hadoopSplits(input + "", wanted), ranges(listed(input + "", wanted, 0)), "seed " + seed);
        }
    }

    @Test
    void cutsOneLocalFileAsHadoopsTextInputFormat() throws IOException {
        Path file = folder.resolve("one file.txt");
        for (int size : new int[] {0, 1, 2, 3, 999, 70_000_000}) {
            Files.write(file, new byte[size]);
            for (String name : List.of(file.toString(), "file:" + file, "file://" + file)) {
                for (int wanted : new int[] {0, 1, 2, 3}) {
                    String what = name + " of " + size + " bytes in " + wanted;
                    assertEquals(hadoopSplits(name, wanted), ranges(listed(name, wanted, 0)), what);
                }
            }
        }
    }

    @Test
    void keepsTheOrderOfACommaListAndSortsWhatAPatternStandsFor() throws IOException {
        for (String name : List.of("z1", "z3", "z2", "b", "x,y", "k1", "k2")) {
            Files.writeString(folder.resolve(name), name);
        }
        String paths = folder + "/z*," + folder + "/b," + folder + "/k{2,1}," + folder + "/x\\,y";
        List<String> names = new ArrayList<>();
        for (Split split : listed(paths, 1, 0)) {
            String path = split.input().ranges().get(0).path();
            names.add(path.substring(path.lastIndexOf('/') + 1));
        }
        assertEquals(List.of("z1", "z2", "z3", "b", "k1", "k2", "x,y"), names);
    }

    @Test
    void namesAMissingPathAndTheUsersLine() {
        SplitException failure = assertThrows(SplitException.class, () -> lister().list(folder + "/gone", 2, 0, SITE));
        assertEquals(SplitException.MISSING, failure.code());
        assertTrue(failure.getMessage().startsWith("file:" + folder + "/gone does not exist (textFile at etl.py:12)."));
    }

    @Test
    void saysWhatTheFolderOfAPatternWithoutMatchesHolds() throws IOException {
        Files.writeString(folder.resolve("2024-05-02"), "x");
        Files.writeString(folder.resolve("2024-05-01"), "x");
        SplitException failure =
                assertThrows(SplitException.class, () -> lister().list(folder + "/*/*.gz", 2, 0, SITE));
        assertEquals(
                "The pattern file:" + folder + "/*/*.gz matches no file (textFile at etl.py:12).\nIts folder file:"
                        + folder + " has 2 entries, e.g. 2024-05-01",
                failure.getMessage());
    }

    @Test
    void saysThatAFileIsHiddenAndNotThatItIsMissing() throws IOException {
        Files.writeString(folder.resolve("_hidden"), "x");
        SplitException failure =
                assertThrows(SplitException.class, () -> lister().list(folder + "/_hidden", 1, 0, SITE));
        assertEquals(SplitException.MISSING, failure.code());
        assertTrue(failure.getMessage().contains("/_hidden is hidden, since its name starts with '_'"));
    }

    @Test
    void namesTheFileWhoseColonHadoopDoesNotAllow() throws IOException {
        Files.writeString(folder.resolve("at 12:30"), "x");
        for (String path : List.of(folder + "/at*", folder + "/at 12:30")) {
            SplitException failure = assertThrows(SplitException.class, () -> lister().list(path, 1, 0, SITE));
            assertEquals(SplitException.MISSING, failure.code());
            assertTrue(failure.getMessage().contains("the name at 12:30 has a colon"), failure.getMessage());
        }
    }

    @Test
    void saysThatAFileSystemDoesNotAnswer() {
        conf.setInt("ipc.client.connect.max.retries", 0);
        SplitException refused =
                assertThrows(SplitException.class, () -> lister().list("hdfs://127.0.0.1:1/x", 1, 0, SITE));
        assertEquals(
                "hdfs://127.0.0.1:1/x cannot be reached (textFile at etl.py:12): connection refused. Check the address of its file"
                        + " system, and whether it runs.",
                refused.getMessage());
        assertEquals(5, refused.exitCode());
        SplitException unknown =
                assertThrows(SplitException.class, () -> lister().list("hdfs://nowhere.invalid/x", 1, 0, SITE));
        assertTrue(unknown.getMessage().contains("the host nowhere.invalid is not known here"), unknown.getMessage());
    }

    @Test
    void refusesAFolderInsideTheInputFolder() throws IOException {
        Files.createDirectories(folder.resolve("in/sub"));
        Files.writeString(folder.resolve("in/a"), "x");
        SplitException failure = assertThrows(SplitException.class, () -> lister().list(folder + "/in", 2, 0, SITE));
        assertTrue(failure.getMessage().contains("/in/sub is a folder inside the input folder"), failure.getMessage());
        conf.setBoolean("mapreduce.input.fileinputformat.input.dir.recursive", true);
        Files.writeString(folder.resolve("in/sub/b"), "y");
        assertEquals(2, listed(folder + "/in", 1, 0).size());
    }

    @Test
    void readsAnExistingLocalPathAsAFileInLocalModes() throws IOException {
        Files.writeString(folder.resolve("here"), "x");
        conf.set("fs.far.impl", FarFileSystem.class.getName());
        conf.set("fs.defaultFS", "far:///");
        List<Split> splits =
                new SplitLister(conf, true).list(folder + "/here", 1, 0, SITE).splits();
        assertEquals(
                "file:" + folder + "/here",
                splits.get(0).input().ranges().get(0).path());
        SplitException failure = assertThrows(
                SplitException.class, () -> new SplitLister(conf, false).list(folder + "/here", 1, 0, SITE));
        assertEquals(
                "far:" + folder
                        + "/here does not exist (textFile at etl.py:12).\nA local file of that name does: file://"
                        + folder + "/here",
                failure.getMessage());
    }

    @Test
    void prefersTheHostsThatHoldMostOfASplit() throws IOException {
        conf.set("fs.far.impl", FarFileSystem.class.getName());
        List<Split> splits = listed("far:/data", 1, 0);
        assertEquals(
                List.of(List.of("node2", "node1"), List.of("node2")),
                splits.stream().map(Split::hosts).toList());
        assertEquals(List.of(100L, 50L), splits.stream().map(Split::bytes).toList());
    }

    /** One file of 150 bytes in blocks of 60 on made-up hosts, cut into splits of 100. */
    public static final class FarFileSystem extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("far:///");
        }

        @Override
        public String getScheme() {
            return "far";
        }

        @Override
        public FileStatus getFileStatus(org.apache.hadoop.fs.Path path) throws IOException {
            if (path.getName().equals("data")) {
                return new FileStatus(150, false, 1, 100, 0, makeQualified(path));
            }
            throw new java.io.FileNotFoundException(path.toString());
        }

        @Override
        public BlockLocation[] getFileBlockLocations(FileStatus file, long start, long length) {
            return new BlockLocation[] {
                new BlockLocation(null, new String[] {"node1", "localhost"}, 0, 40),
                new BlockLocation(null, new String[] {"node2"}, 40, 110)
            };
        }
    }

    @Test
    void putsSmallFilesTogetherInTheOrderOfTheListing() throws IOException {
        Path input = Files.createDirectory(folder.resolve("small"));
        List<String> names = new ArrayList<>();
        for (int number = 0; number < 1_000; number++) {
            names.add(String.format("file%04d.txt", number));
            Files.write(input.resolve(names.get(number)), new byte[100]);
        }
        Files.write(input.resolve("file0500.large"), new byte[40_000]);
        conf.setBoolean("fs.file.impl.disable.cache", true);
        conf.setLong("fs.local.block.size", 10_000);
        List<Split> splits = listed(input + "", 2, 30_000);
        assertEquals(List.of(30_000L, 30_000L, 10_000L, 10_000L, 10_000L, 10_000L, 30_000L, 10_000L), sizes(splits));
        List<String> small =
                ranges(splits).stream().filter(range -> range.contains(".txt")).toList();
        assertEquals(
                names.stream()
                        .map(name -> "file:" + input + "/" + name + ":0+100")
                        .toList(),
                small);
    }

    @Test
    void countsCompressedBytesFourTimesAndKeepsAsManySplitsAsAreWanted() throws IOException {
        Path input = Files.createDirectory(folder.resolve("packed"));
        for (int number = 0; number < 8; number++) {
            Files.write(input.resolve(number + ".gz"), new byte[100]);
            Files.write(input.resolve(number + ".txt"), new byte[100]);
        }
        assertEquals(List.of(400L, 400L, 400L, 400L), sizes(listed(input + "", 1, 1_300)));
        assertEquals(List.of(800L, 800L), sizes(listed(input + "", 2, 1 << 30)));
        assertEquals(16, listed(input + "", 2, 0).size());
    }

    @Test
    void countsTheFilesThatTheirNamesHideButNotHadoopsOwnMarks() throws IOException {
        for (String name : List.of("a", "b._COPYING_", "_SUCCESS", ".hidden", "_tmp", ".a.crc")) {
            Files.writeString(folder.resolve(name), "x");
        }
        for (String paths : List.of(folder + "", folder + "/*", folder + "/*," + folder)) {
            Listing listing = lister().list(paths, 1, 0, SITE);
            assertEquals(3, listing.skipped(), paths);
            assertTrue(ranges(listing.splits()).stream().allMatch(range -> range.endsWith("/a:0+1")), paths);
        }
        SplitException failure =
                assertThrows(SplitException.class, () -> lister().list(folder + "/b._COPYING_", 1, 0, SITE));
        assertTrue(failure.getMessage().contains("its name ends with '._COPYING_'"), failure.getMessage());
    }

    private static List<Long> sizes(List<Split> splits) {
        return splits.stream().map(Split::bytes).toList();
    }

    private List<Split> listed(String paths, int wanted, long splitBytes) throws IOException {
        return lister().list(paths, wanted, splitBytes, SITE).splits();
    }

    private SplitLister lister() {
        return new SplitLister(conf, false);
    }

    private static List<String> ranges(List<Split> splits) {
        List<String> ranges = new ArrayList<>();
        for (Split split : splits) {
            for (InputSpec.FileRange range : split.input().ranges()) {
                ranges.add(range.path() + ":" + range.start() + "+" + range.length());
            }
        }
        return ranges;
    }

    private List<String> hadoopSplits(String path, int wanted) throws IOException {
        JobConf job = new JobConf(conf);
        FileInputFormat.setInputPaths(job, path);
        TextInputFormat format = new TextInputFormat();
        format.configure(job);
        List<FileSplit> splits = new ArrayList<>();
        for (InputSplit split : format.getSplits(job, wanted)) {
            if (split.getLength() > 0) {
                splits.add((FileSplit) split);
            }
        }
        splits.sort(Comparator.comparing(FileSplit::getPath).thenComparing(FileSplit::getStart));
        return splits.stream()
                .map(split -> split.getPath() + ":" + split.getStart() + "+" + split.getLength())
                .toList();
    }
}
