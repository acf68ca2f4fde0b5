package io.weft.master.plan;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What one action needs of the lineage; checked by {@link PlanDecoder}.
 *
 * @param name the action as the user wrote it, such as {@code collect}
 * @param site {@code file:line} of the action
 * @param properties local properties of the submitting thread, sorted by name
 * @param result id of the node that the action runs on
 * @param partitions partitions of that node to run, in the order of the results; empty: all of them
 * @param nodes every node after its parents; a node's id is its index
 */
public record Plan(
        String name,
        String site,
        Map<String, String> properties,
        int result,
        List<Integer> partitions,
        PlanAction action,
        List<PlanNode> nodes) {
    public Plan {
        Objects.requireNonNull(name, "name is null");
        Objects.requireNonNull(site, "site is null");
        Objects.requireNonNull(action, "action is null");
        properties = Collections.unmodifiableMap(new TreeMap<>(properties));
        partitions = List.copyOf(partitions);
        nodes = List.copyOf(nodes);
    }

    /** The node of this id. */
    public PlanNode node(int id) {
        return nodes.get(id);
    }
}
