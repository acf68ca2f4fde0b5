package io.weft.master.splits;

import io.weft.runner.input.TextCodecs;
import io.weft.runner.protocol.InputSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.LocatedFileStatus;

/**
 * Cuts files into splits by Hadoop's rule: a split has the block's size, or less where the wanted number of splits asks for it, and the
 * last may be a tenth longer.
 */
final class SplitCutter {
    private static final double SLOP = 1.1;
    private static final int MAX_HOSTS = 3;
    /** Logs shrink to about a quarter; files of them must not make a task of four times the work. */
    private static final int UNPACKED_TIMES = 4;

    private static final String MIN_SIZE = "mapreduce.input.fileinputformat.split.minsize";

    private final TextCodecs codecs;
    private final long minBytes;
    private final boolean raw;

    /** {@code raw}: files are cut whatever their names end with. */
    SplitCutter(Configuration conf, boolean raw) {
        this.raw = raw;
        this.codecs = new TextCodecs(conf);
        this.minBytes = Math.max(1, conf.getLong(MIN_SIZE, 1));
    }

    /** As {@link #cut(List, int)}, and puts files together that are small, up to {@code splitBytes} of text (about) in a split. */
    List<Split> combine(List<LocatedFileStatus> files, int wanted, long splitBytes) {
        long total = 0;
        long text = 0;
        for (LocatedFileStatus file : files) {
            total += file.getLen();
            text += textBytes(file);
        }
        int parts = Math.max(1, wanted);
        long targetBytes = Math.max(1, Math.min(splitBytes, (text + parts - 1) / parts));
        List<SplitCombiner.Piece> all = new ArrayList<>();
        List<SplitCombiner.Piece> small = new ArrayList<>();
        for (int order = 0; order < files.size(); order++) {
            List<Split> own = new ArrayList<>();
            long weight = textBytes(files.get(order));
            cut(files.get(order), total / parts, own);
            boolean isSmall = own.size() == 1 && weight < targetBytes;
            for (Split split : own) {
                (isSmall ? small : all).add(new SplitCombiner.Piece(order, split, weight));
            }
        }
        all.addAll(new SplitCombiner(small, targetBytes).combine());
        all.sort(Comparator.comparingInt(SplitCombiner.Piece::order)); // stable: ranges of a file stay in order
        return all.stream().map(SplitCombiner.Piece::split).toList();
    }

    /** What is left to read once it is unpacked, about. */
    private long textBytes(LocatedFileStatus file) {
        return codecs.find(file.getPath()).isPresent() ? UNPACKED_TIMES * file.getLen() : file.getLen();
    }

    List<Split> cut(List<LocatedFileStatus> files, int wanted) {
        long total = 0;
        for (LocatedFileStatus file : files) {
            total += file.getLen();
        }
        long goalBytes = total / Math.max(1, wanted);
        List<Split> splits = new ArrayList<>();
        for (LocatedFileStatus file : files) {
            cut(file, goalBytes, splits);
        }
        return splits;
    }

    /** One split a file. */
    static List<Split> whole(List<LocatedFileStatus> files) {
        List<Split> splits = new ArrayList<>();
        for (LocatedFileStatus file : files) {
            String path = file.getPath().toString();
            splits.add(
                    file.getLen() == 0
                            ? new Split(new InputSpec.Text(List.of()), List.of(), 0)
                            : split(file, new InputSpec.FileRange(path, 0, file.getLen(), true)));
        }
        return splits;
    }

    private void cut(LocatedFileStatus file, long goalBytes, List<Split> splits) {
        long left = file.getLen();
        if (left == 0) {
            return;
        }
        String path = file.getPath().toString();
        if (!raw && !codecs.isSplittable(file.getPath())) {
            splits.add(split(file, new InputSpec.FileRange(path, 0, left, true)));
            return;
        }
        long splitBytes = Math.max(minBytes, Math.min(goalBytes, file.getBlockSize()));
        while ((double) left / splitBytes > SLOP) {
            splits.add(split(file, new InputSpec.FileRange(path, file.getLen() - left, splitBytes, false)));
            left -= splitBytes;
        }
        if (left > 0) {
            splits.add(split(file, new InputSpec.FileRange(path, file.getLen() - left, left, false)));
        }
    }

    private static Split split(LocatedFileStatus file, InputSpec.FileRange range) {
        InputSpec.Text input = new InputSpec.Text(List.of(range));
        return new Split(input, hosts(file, range.start(), range.start() + range.length()), range.length());
    }

    /** Hosts by how many of the bytes they hold; block stores that make their hosts up say localhost. */
    private static List<String> hosts(LocatedFileStatus file, long from, long to) {
        BlockLocation[] locations = file.getBlockLocations();
        String scheme = file.getPath().toUri().getScheme();
        if (locations == null || "file".equals(scheme)) {
            return List.of();
        }
        boolean realHosts = "hdfs".equals(scheme);
        Map<String, Long> bytesByHost = new LinkedHashMap<>();
        for (BlockLocation block : locations) {
            long held = Math.min(to, block.getOffset() + block.getLength()) - Math.max(from, block.getOffset());
            if (held > 0) {
                for (String host : hostsOf(block)) {
                    if (realHosts || !host.equals("localhost")) {
                        bytesByHost.merge(host, held, Long::sum);
                    }
                }
            }
        }
        return bytesByHost.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(MAX_HOSTS)
                .map(Map.Entry::getKey)
                .toList();
    }

    private static List<String> hostsOf(BlockLocation block) {
        try {
            return List.of(block.getHosts());
        } catch (IOException e) {
            // Declared by Hadoop, thrown by none of its classes; hosts are a hint.
            return List.of();
        }
    }
}
