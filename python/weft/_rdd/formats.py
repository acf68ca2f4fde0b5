"""Actions that write through Hadoop's OutputFormats."""

from __future__ import annotations

from typing import Any, TypeVar

from weft._callsite import call_site
from weft._lineage import HadoopFormat
from weft._ops.marshalled import dump_pairs
from weft._ops.objectfile import pickles_in_tens
from weft._rdd.batches import Batches
from weft._rdd.core import path_text

__all__ = ["FormatOutput"]

T = TypeVar("T")

_SEQUENCE_FILES = "org.apache.hadoop.mapred.SequenceFileOutputFormat"
_NULL, _BYTES = "org.apache.hadoop.io.NullWritable", "org.apache.hadoop.io.BytesWritable"
_COMPRESS = "mapreduce.output.fileoutputformat.compress"


class FormatOutput(Batches[T]):
    """Pairs into what Hadoop's OutputFormats write."""

    def saveAsSequenceFile(
        self: FormatOutput[tuple[Any, Any]], path: str, compressionCodecClass: str | None = None
    ) -> None:
        """Write pairs as Hadoop sequence files, one a partition, into a folder that must not exist.

        The first pair decides of which classes keys and values are: str becomes Text, int IntWritable or, beyond 32
        bits, LongWritable, float DoubleWritable, bool BooleanWritable, bytes BytesWritable, None NullWritable, dict
        MapWritable, tuple ArrayWritable.

        Parameters
        ----------
        path : str
            The folder, on any filesystem that Hadoop knows.
        compressionCodecClass : str, optional
            Such as ``"org.apache.hadoop.io.compress.GzipCodec"``; blocks of records are compressed.

        Raises
        ------
        OutputExistsError
            If the folder exists; nothing was run.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "pairs")
        >>> sc.parallelize([("a", 1), ("b", 2)]).saveAsSequenceFile(folder)
        >>> sorted(sc.sequenceFile(folder).collect())
        [('a', 1), ('b', 2)]
        """
        output = HadoopFormat(_SEQUENCE_FILES, settings=_codec(compressionCodecClass))
        self._save_format("saveAsSequenceFile", path, output)

    def saveAsPickleFile(self, path: str, batchSize: int = 10) -> None:
        """Write records as pickles in sequence files, which :meth:`WeftContext.pickleFile` and PySpark read.

        Parameters
        ----------
        path : str
            The folder, on any filesystem that Hadoop knows; it must not exist.
        batchSize : int
            How many records go into one pickle; 0: as many as make about 64 KiB.

        Raises
        ------
        OutputExistsError
            If the folder exists; nothing was run.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "pickles")
        >>> sc.parallelize(range(5), 2).saveAsPickleFile(folder, batchSize=3)
        >>> sorted(sc.pickleFile(folder).collect())
        [0, 1, 2, 3, 4]
        """
        output = HadoopFormat(_SEQUENCE_FILES, key_class=_NULL, value_class=_BYTES)
        pairs = self._partitions_step(pickles_in_tens(batchSize), "saveAsPickleFile")
        pairs._save_format("saveAsPickleFile", path, output)

    def _save_format(self, method: str, path: str | None, output: HadoopFormat) -> None:
        """Write pairs; what the classes are is found from the first pair, as PySpark does, unless they are given."""
        site = call_site()
        folder = None if path is None else path_text(path, method, site)
        if folder == "":
            raise ValueError(f"{method} at {site}: the path is empty")
        first = b""
        if output.key_class is None or output.value_class is None:
            some = self._itself.take(1)
            if not some:
                raise ValueError(f"{method} at {site}: the RDD is empty, so the classes of its pairs are not known")
            ((_, parts),) = dump_pairs(iter(some))
            first = b"".join(parts)
        self.ctx._save_records(self._node, folder, output, first, method)


def _codec(name: str | None) -> dict[str, str]:
    """Settings that have blocks of a file compressed."""
    if name is None:
        return {}
    return {_COMPRESS: "true", f"{_COMPRESS}.codec": name, f"{_COMPRESS}.type": "BLOCK"}
