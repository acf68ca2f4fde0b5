package io.weft.master.splits;

import io.weft.runner.protocol.InputSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts small files together: first those that share a host, then what is left over in the order of the listing. The files of a split
 * keep the listing's order, and splits stand in the order of their first files. For one listing.
 */
final class SplitCombiner {
    /** A task names its files one by one, in a message that must stay small. */
    static final int MAX_FILES = 5_000;
    /** What a host has less of than this part of a split is not worth a split of its own. */
    private static final int LEAST_PART = 4;

    private static final int MAX_HOSTS = 3;

    /**
     * A file, or a range of one.
     *
     * @param order place in the listing
     * @param weight bytes of text, about
     */
    record Piece(int order, Split split, long weight) {}

    private final class Host {
        private final String name;
        private final Deque<Piece> pieces = new ArrayDeque<>();
        /** Weight of the pieces that are not taken yet. */
        private long left;

        private int splits;

        Host(String name) {
            this.name = name;
        }

        boolean isWorthASplit() {
            return left >= Math.max(1, targetBytes / LEAST_PART);
        }

        boolean fillsASplit() {
            return left >= targetBytes;
        }
    }

    private static final Comparator<Host> BEST = Comparator.<Host>comparingInt(host -> host.fillsASplit() ? 0 : 1)
            .thenComparingInt(host -> host.fillsASplit() ? host.splits : 0)
            .thenComparing(Comparator.<Host>comparingLong(host -> host.left).reversed())
            .thenComparing(host -> host.name);

    private final long targetBytes;
    private final List<Piece> small;
    private final boolean[] taken;
    private final Map<String, Host> hosts = new LinkedHashMap<>();
    private final List<List<Piece>> bins = new ArrayList<>();

    /** {@code small}: in the order of the listing, each lighter than {@code targetBytes}. */
    SplitCombiner(List<Piece> small, long targetBytes) {
        this.small = small;
        this.targetBytes = targetBytes;
        taken = new boolean[small.isEmpty() ? 0 : small.get(small.size() - 1).order() + 1];
        for (Piece piece : small) {
            for (String name : piece.split().hosts()) {
                Host host = hosts.computeIfAbsent(name, Host::new);
                host.pieces.add(piece);
                host.left += piece.weight();
            }
        }
    }

    /** Splits of several files each, with the place in the listing of the first of them. */
    List<Piece> combine() {
        Optional<Host> host = best();
        while (host.isPresent()) {
            Host chosen = host.get();
            chosen.splits++;
            bins.add(fill(chosen.pieces));
            host = best();
        }
        Deque<Piece> rest = new ArrayDeque<>(small);
        for (List<Piece> bin = fill(rest); !bin.isEmpty(); bin = fill(rest)) {
            bins.add(bin);
        }
        return bins.stream().map(SplitCombiner::together).toList();
    }

    private Optional<Host> best() {
        return hosts.values().stream().filter(Host::isWorthASplit).min(BEST);
    }

    /** Takes pieces from the front, as many as make a split. */
    private List<Piece> fill(Deque<Piece> from) {
        List<Piece> bin = new ArrayList<>();
        long weight = 0;
        while (!from.isEmpty() && bin.size() < MAX_FILES) {
            Piece piece = from.peek();
            if (!taken[piece.order()]) {
                if (!bin.isEmpty() && weight + piece.weight() > targetBytes) {
                    break;
                }
                taken[piece.order()] = true;
                weight += piece.weight();
                bin.add(piece);
                piece.split().hosts().forEach(name -> hosts.get(name).left -= piece.weight());
            }
            from.remove();
        }
        return bin;
    }

    private static Piece together(List<Piece> bin) {
        List<InputSpec.FileRange> ranges = new ArrayList<>();
        Map<String, Long> bytesByHost = new LinkedHashMap<>();
        long bytes = 0;
        long weight = 0;
        for (Piece piece : bin) {
            ranges.addAll(piece.split().input().ranges());
            piece.split()
                    .hosts()
                    .forEach(host -> bytesByHost.merge(host, piece.split().bytes(), Long::sum));
            bytes += piece.split().bytes();
            weight += piece.weight();
        }
        List<String> hosts = bytesByHost.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(MAX_HOSTS)
                .map(Map.Entry::getKey)
                .toList();
        return new Piece(bin.get(0).order(), new Split(new InputSpec.Text(ranges), hosts, bytes), weight);
    }
}
