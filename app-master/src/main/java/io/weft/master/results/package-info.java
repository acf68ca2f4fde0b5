/**
 * Result partitions on their way to the driver. In: {@link io.weft.runner.protocol.ResultRef}s as tasks are accepted, in any order;
 * out: the same in the order of the plan's partitions, each until it has been sent. Heap use does not depend on how much is
 * collected: small results beyond a few MiB wait in a file, large ones stay with their runner.
 */
package io.weft.master.results;
