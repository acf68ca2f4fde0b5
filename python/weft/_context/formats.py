"""Records of files that Hadoop's own formats read."""

from __future__ import annotations

from typing import Any

from weft._callsite import call_site
from weft._context.batches import Batches
from weft._lineage import FormatNode, HadoopFormat
from weft._ops.objectfile import load_pickles
from weft._rdd.core import path_text
from weft.rdd import RDD

__all__ = ["Formats"]

_TEXT = "org.apache.hadoop.io.Text"
_SEQUENCE_FILES = "org.apache.hadoop.mapred.SequenceFileInputFormat"
_PAIRS, _VALUES = "PAIRS", "VALUES"


class Formats(Batches):
    """RDDs of what Hadoop's InputFormats read."""

    def sequenceFile(
        self,
        path: str,
        keyClass: str | None = None,
        valueClass: str | None = None,
        keyConverter: str | None = None,
        valueConverter: str | None = None,
        minSplits: int | None = None,
        batchSize: int = 0,
    ) -> RDD[tuple[Any, Any]]:
        """Make an RDD of the pairs of Hadoop sequence files.

        Text becomes str; numbers int and float; BytesWritable bytearray; NullWritable None; MapWritable a dict;
        ArrayWritable a tuple; other Writables a dict of what their getters give.

        Parameters
        ----------
        path : str
            A file, a folder, a pattern, or several of them with commas, on any filesystem that Hadoop knows.
        keyClass, valueClass : str, optional
            Classes of keys and values; the files name their own, so that these need not be given.
        keyConverter, valueConverter : str, optional
            Java classes that turn keys or values into something else, see ``docs/formats.md``.
        minSplits : int, optional
            How many partitions at least; else :attr:`defaultMinPartitions`.
        batchSize : int
            Ignored: records travel in batches that suit them.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "pairs")
        >>> sc.parallelize([("one", 1), ("two", 2)]).saveAsSequenceFile(folder)
        >>> sorted(sc.sequenceFile(folder).collect())
        [('one', 1), ('two', 2)]
        """
        source = HadoopFormat(
            _SEQUENCE_FILES,
            key_class=keyClass or _TEXT,
            value_class=valueClass or _TEXT,
            key_converter=keyConverter,
            value_converter=valueConverter,
        )
        return self._format("sequenceFile", path, source, minSplits, _PAIRS)

    def pickleFile(self, name: str, minPartitions: int | None = None) -> RDD[Any]:
        """Make an RDD of the records that ``saveAsPickleFile`` wrote, Weft's or PySpark's.

        Parameters
        ----------
        name : str
            A file, a folder, a pattern, or several of them with commas. Reading unpickles: it must be trusted.
        minPartitions : int, optional
            How many partitions at least; else :attr:`defaultMinPartitions`.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "pickles")
        >>> sc.parallelize([1, "two", (3.0, None)]).saveAsPickleFile(folder)
        >>> sc.pickleFile(folder).collect()
        [1, 'two', (3.0, None)]
        """
        values = self._format("pickleFile", name, HadoopFormat(_SEQUENCE_FILES), minPartitions, _VALUES)
        return values._partitions_step(load_pickles, "pickleFile")

    def _format(self, method: str, path: str, source: HadoopFormat, wanted: int | None, view: str) -> RDD[Any]:
        site = call_site()
        paths = path_text(path, method, site)
        least = int(wanted or self.defaultMinPartitions)
        return self._rdd(FormatNode(self._next_id(), method, site, paths, source, least, view))
