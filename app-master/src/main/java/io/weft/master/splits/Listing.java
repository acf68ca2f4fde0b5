package io.weft.master.splits;

import java.util.List;

/**
 * What input paths stand for.
 *
 * @param splits one a partition
 * @param skipped files and folders that were passed over because their names say that they are not, or not yet, data
 */
public record Listing(List<Split> splits, int skipped) {
    public Listing {
        splits = List.copyOf(splits);
    }
}
