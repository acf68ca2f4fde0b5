package io.weft.master.splits;

import io.weft.runner.input.TextCodecs;
import io.weft.runner.protocol.InputSpec;
import java.io.IOException;
import java.util.ArrayList;
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

    List<Split> cut(List<LocatedFileStatus> files, int wanted) throws IOException {
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
