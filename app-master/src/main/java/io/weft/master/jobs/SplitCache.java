package io.weft.master.jobs;

import io.weft.master.plan.PlanNode;
import io.weft.master.splits.FormatLister;
import io.weft.master.splits.FormatSplit;
import io.weft.master.splits.Listing;
import io.weft.master.splits.Split;
import io.weft.master.splits.SplitLister;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/**
 * Splits of text sources, by RDD: an RDD keeps the splits that it had when it was first used, as its number of partitions may have been
 * built upon. Keeps those of the {@link #MAX_SOURCES} sources used last. Any thread; listing does not hold the lock.
 */
final class SplitCache {
    private static final int MAX_SOURCES = 256;

    private final JobSettings.Files settings;
    /** RDDs whose skipped files no job has told of yet. Guarded by {@link #known}. */
    private final Map<Integer, Integer> skipped = new HashMap<>();

    private final Map<Integer, List<Split>> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, List<Split>> eldest) {
            return size() > MAX_SOURCES;
        }
    };

    /** Splits of formats, which may be any number of bytes long. Guarded by {@link #known}. */
    private final Map<Integer, List<FormatSplit>> formats = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, List<FormatSplit>> eldest) {
            return size() > MAX_SOURCES;
        }
    };

    SplitCache(JobSettings.Files settings) {
        this.settings = settings;
    }

    /** How many files were passed over when this source was listed; each once, for the first job that asks. */
    int takeSkipped(PlanNode.TextSource source) {
        synchronized (known) {
            Integer count = skipped.remove(source.origin().rdd());
            return count == null ? 0 : count;
        }
    }

    List<Split> splits(PlanNode.TextSource source, Configuration hadoop) throws IOException {
        int rdd = source.origin().rdd();
        synchronized (known) {
            List<Split> found = known.get(rdd);
            if (found != null) {
                return found;
            }
        }
        SplitLister lister = new SplitLister(hadoop, settings.localFirst());
        String site = source.origin().toString();
        long combined = source.combine() ? settings.splitBytes() : 0;
        Listing listed = source.whole()
                ? lister.listWhole(source.paths(), site)
                : lister.list(source.paths(), source.minPartitions(), combined, site, source.raw());
        synchronized (known) {
            List<Split> first = known.putIfAbsent(rdd, listed.splits());
            if (first == null && listed.skipped() > 0) {
                skipped.put(rdd, listed.skipped());
            }
            return first == null ? listed.splits() : first;
        }
    }

    List<FormatSplit> splits(PlanNode.FormatSource source, Configuration hadoop) throws IOException {
        int rdd = source.origin().rdd();
        synchronized (known) {
            List<FormatSplit> found = formats.get(rdd);
            if (found != null) {
                return found;
            }
        }
        List<FormatSplit> listed = new FormatLister(hadoop, settings.localFirst())
                .list(
                        source.format(),
                        source.paths(),
                        source.classes(),
                        source.minPartitions(),
                        source.origin().toString());
        synchronized (known) {
            List<FormatSplit> first = formats.putIfAbsent(rdd, listed);
            return first == null ? listed : first;
        }
    }
}
