"""Where records come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeVar, overload

from weft._callsite import call_site
from weft._context.core import Core
from weft._lineage import DataNode, EmptyNode, FormatNode, HadoopFormat, Node, RangeNode, TextNode
from weft._pyspark import is_active
from weft._rdd.core import path_text, positive
from weft._slices import cut_range, encode_slices
from weft.rdd import RDD

__all__ = ["Sources"]

T = TypeVar("T")

_TEXT_FORMAT = "org.apache.hadoop.mapred.TextInputFormat"
_DELIMITER = "textinputformat.record.delimiter"


class Sources(Core):
    """RDDs of what the driver has, and of files."""

    def parallelize(self, c: Iterable[T], numSlices: int | None = None) -> RDD[T]:
        """Make an RDD of records that the driver has; a ``range`` is counted by the workers.

        Parameters
        ----------
        c : iterable
            The records.
        numSlices : int, optional
            Into how many partitions; else :attr:`defaultParallelism`.

        Returns
        -------
        RDD
            The records, cut into pieces of about one length, in their order.

        Raises
        ------
        ValueError
            If ``numSlices`` is not positive.
        ClosureError
            If a record cannot be pickled (E04).

        Notes
        -----
        Narrow. The records are pickled now; the driver keeps the bytes until the first job that needs them has sent
        them.

        Examples
        --------
        >>> sc.parallelize([0, 2, 3, 4, 6], 5).glom().collect()
        [[0], [2], [3], [4], [6]]
        >>> sc.parallelize(range(0, 6, 2), 5).glom().collect()
        [[], [0], [], [2], [4]]
        """
        slices = positive(self.defaultParallelism if numSlices is None else int(numSlices))
        site = call_site()
        if isinstance(c, range) and len(c) > 0:
            node: Node = RangeNode(self._next_id(), "parallelize", site, cut_range(c, slices), c.step)
        else:
            block = encode_slices(list(c), slices, self._batch, site, self._coder())
            self._jobs.hold_block(block)
            node = DataNode(self._next_id(), "parallelize", site, block)
        return self._rdd(node)

    def range(self, start: int, end: int | None = None, step: int = 1, numSlices: int | None = None) -> RDD[int]:
        """Make an RDD of whole numbers, as the builtin ``range`` counts them.

        Parameters
        ----------
        start : int
            The first number; the end, if no other is given: numbers are counted from 0 then.
        end : int, optional
            The number before which to stop.
        step : int
            How much is added from one to the next; not 0.
        numSlices : int, optional
            Into how many partitions; else :attr:`defaultParallelism`.

        Returns
        -------
        RDD of int
            In their order.

        Raises
        ------
        ValueError
            If ``step`` is 0, or ``numSlices`` not positive.

        Notes
        -----
        Narrow. The workers count: nothing is sent to them.

        Examples
        --------
        >>> sc.range(5).collect(), sc.range(2, 4).collect(), sc.range(1, 7, 2).collect()
        ([0, 1, 2, 3, 4], [2, 3], [1, 3, 5])
        """
        numbers = range(start) if end is None else range(start, end, step)
        return self.parallelize(numbers, numSlices)

    def emptyRDD(self) -> RDD[Any]:
        """Make an RDD without partitions.

        Returns
        -------
        RDD
            One that actions find empty; those that need a partition, such as :meth:`RDD.countByValue`, raise a
            ValueError.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.emptyRDD().getNumPartitions()
        0
        """
        return self._rdd(EmptyNode(self._next_id(), "emptyRDD", call_site(), 0))

    @overload
    def textFile(
        self, name: str, minPartitions: int | None = None, use_unicode: Literal[True] = True
    ) -> RDD[str]: ...

    @overload
    def textFile(
        self, name: str, minPartitions: int | None = None, *, use_unicode: Literal[False]
    ) -> RDD[bytes]: ...

    @overload
    def textFile(self, name: str, minPartitions: int | None, use_unicode: bool) -> RDD[Any]: ...

    def textFile(self, name: str, minPartitions: int | None = None, use_unicode: bool = True) -> RDD[Any]:
        """Make an RDD of the lines of text files, without their line ends.

        Parameters
        ----------
        name : str
            A file, a folder, a pattern, or several of them with commas, on any filesystem that Hadoop knows.
            Files in .gz, .bz2 and the like are unpacked.
        minPartitions : int, optional
            How many partitions at least, counted as PySpark does: each file has its own. Not given: small files share
            partitions, up to ``weft.input.splitBytes`` (128 MB) in each, those that lie on the same hosts first; a
            compressed byte counts as four. After :func:`weft.activate` the partitions are PySpark's in any case, by
            :attr:`defaultMinPartitions`.
        use_unicode : bool
            False gives bytes.

        Returns
        -------
        RDD of str
            The lines of each file in order, files in the order of their names unless small ones share partitions; bytes
            that are no UTF-8 become U+FFFD.

        Raises
        ------
        TypeError
            If ``name`` is no str or path.

        Notes
        -----
        Narrow. A large file is cut into splits of its blocks; compressed ones are not, but for .bz2. Files are looked
        at by :meth:`RDD.getNumPartitions` or the first action, which raise InputMissingError (E02) if there are none.

        Files and folders whose names begin with ``_`` or ``.`` or end with ``._COPYING_`` are skipped, and counted in
        the summary line. Where Hadoop's setting ``textinputformat.record.delimiter`` is set, by ``weft.hadoop.NAME`` or
        in ``sc._jsc.hadoopConfiguration()`` before this call, it ends the records, and they are read by Hadoop's
        ``TextInputFormat``. :meth:`weft.TaskContext.inputPath` and ``inputOffset`` tell a function where its line is
        from.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        ...     _ = file.write("one\\ntwo\\n")
        >>> sc.textFile(file.name).collect()
        ['one', 'two']
        """
        site = call_site()
        path = path_text(name, "textFile", site)
        least = int(minPartitions or self.defaultMinPartitions)
        delimiter = self._delimiter()
        if delimiter:
            return self._delimited(path, site, least, delimiter, use_unicode)
        combine = minPartitions is None and not is_active()
        return self._rdd(TextNode(self._next_id(), "textFile", site, path, least, use_unicode, combine=combine))

    def _delimiter(self) -> str | None:
        """What ends records of text instead of line ends, as Hadoop's configuration has it now."""
        if self._jobs.hadoop_opened:
            given: str | None = self._jobs.control("hadoopConfiguration").get(_DELIMITER)
            return given
        return self._conf.get(f"weft.hadoop.{_DELIMITER}")

    def _delimited(self, paths: str, site: str, least: int, delimiter: str, use_unicode: bool) -> RDD[Any]:
        source = HadoopFormat(_TEXT_FORMAT, settings={_DELIMITER: delimiter})
        records = self._rdd(FormatNode(self._next_id(), "textFile", site, paths, source, least, "VALUES"))
        return records if use_unicode else records._step("map", str.encode, "textFile")

    def union(self, rdds: Sequence[RDD[T]]) -> RDD[T]:
        """Give the records of several RDDs.

        Parameters
        ----------
        rdds : sequence of RDD
            At least one, all of this context.

        Returns
        -------
        RDD
            The partitions of each, one RDD after the other; RDDs with equal partitioners keep it and their number of
            partitions.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> sc.union([sc.parallelize([1]), sc.parallelize([2]), sc.parallelize([3])]).collect()
        [1, 2, 3]
        """
        return rdds[0]._union(tuple(rdds), "union")
