"""What an RDD is made of, as text, and what of that can be thrown away."""

from __future__ import annotations

from typing import Optional, TypeVar

from weft._lineage import Node, ShuffleNode, in_order, parents_of
from weft._rdd.approximate import Approximate
from weft.storagelevel import StorageLevel

__all__ = ["Described"]

T = TypeVar("T")


class Described(Approximate[T]):
    """An RDD's lineage."""

    def toDebugString(self) -> Optional[bytes]:
        """Describe the RDD and all that it is made of: a line each, with partitions, id and the user's line.

        Below a shuffle the lines are indented. What is needed twice is described once.

        Returns
        -------
        bytes
            UTF-8, as PySpark gives it.

        Notes
        -----
        Driver only. Partitions of files are counted for it; no job runs.

        Examples
        --------
        >>> counts = sc.parallelize([("a", 1), ("b", 2)], 2).reduceByKey(lambda a, b: a + b, 3).mapValues(str)
        >>> text = counts.toDebugString().decode()
        >>> [line.split("[")[0] for line in text.split("\\n")]
        ['(3) mapValues', ' |  reduceByKey', ' +-(2) parallelize']
        """
        lines: list[str] = []
        described: set[int] = set()
        waiting = [(self._node, f"({self.getNumPartitions()}) ", " ")]
        while waiting:
            node, first, rest = waiting.pop()
            again = id(node) in described
            lines.append(first + self._line(node) + (" (described above)" if again else ""))
            if again:
                continue
            described.add(id(node))
            for parent in reversed(parents_of(node)):
                if isinstance(node, ShuffleNode):
                    head = f"{rest}+-({self.ctx._count_partitions(parent)}) "
                    waiting.append((parent, head, rest + "   "))
                else:
                    deeper = rest if len(parents_of(node)) == 1 else rest + "   "
                    waiting.append((parent, f"{deeper}|  ", deeper))
        return "\n".join(lines).encode()

    def _line(self, node: Node) -> str:
        level = self.ctx._jobs.level(node)
        kept = "" if level is None or level == StorageLevel.NONE else str(level)
        return f"{node.name}[{node.rdd}] at {node.site} [{kept}]"

    def cleanShuffleDependencies(self, blocking: bool = False) -> None:
        """Delete what the shuffles have written that this RDD is made of, up to persisted ones.

        A later job that needs it runs those map tasks again.

        Parameters
        ----------
        blocking : bool
            Ignored: jobs that start from now on find nothing written in any case.

        Notes
        -----
        Driver only.

        Examples
        --------
        >>> counts = sc.parallelize([("a", 1), ("a", 2)]).reduceByKey(lambda a, b: a + b)
        >>> counts.collect()
        [('a', 3)]
        >>> counts.cleanShuffleDependencies()
        >>> counts.collect()
        [('a', 3)]
        """
        jobs = self.ctx._jobs

        def kept(node: Node) -> bool:
            return node is not self._node and jobs.level(node) is not None

        nodes = in_order(self._node, lambda node: () if kept(node) else parents_of(node))
        jobs.clean_shuffles([node for node in nodes if isinstance(node, ShuffleNode) and not kept(node)])
