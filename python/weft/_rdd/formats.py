"""Actions that write through Hadoop's OutputFormats."""

from __future__ import annotations

from typing import Any, TypeVar

from weft._callsite import call_site
from weft._lineage import HadoopFormat
from weft._ops.marshalled import dump_pairs
from weft._ops.objectfile import pickles_in_tens
from weft._rdd.batches import Batches
from weft._rdd.core import output_text

__all__ = ["FormatOutput", "texts"]

T = TypeVar("T")

_SEQUENCE_FILES = "org.apache.hadoop.mapred.SequenceFileOutputFormat"
_NULL, _BYTES = "org.apache.hadoop.io.NullWritable", "org.apache.hadoop.io.BytesWritable"
_DEFAULT_KEY, _DEFAULT_VALUE = "org.apache.hadoop.io.LongWritable", "org.apache.hadoop.io.Text"  # as JobConf has them
_MAPRED_FORMATS = ("mapred.output.format.class",)
_MAPREDUCE_FORMATS = ("mapreduce.job.outputformat.class", "mapreduce.outputformat.class")
_TEXT_OUTPUT = (
    "org.apache.hadoop.mapred.TextOutputFormat",
    "org.apache.hadoop.mapreduce.lib.output.TextOutputFormat",
)
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
        TypeError
            If ``path`` is no str or path.
        ValueError
            If ``path`` is empty, or there are no pairs, so that their classes are not known.
        OutputExistsError
            If the folder exists; nothing was written (E03).

        Notes
        -----
        Action: one job; before it run those of ``take(1)``, which find the classes.

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
        TypeError
            If ``path`` is no str or path.
        ValueError
            If ``path`` is empty.
        OutputExistsError
            If the folder exists; nothing was run (E03).

        Notes
        -----
        Action: one job.

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

    def saveAsHadoopFile(
        self: FormatOutput[tuple[Any, Any]],
        path: str,
        outputFormatClass: str,
        keyClass: str | None = None,
        valueClass: str | None = None,
        keyConverter: str | None = None,
        valueConverter: str | None = None,
        conf: dict[str, str] | None = None,
        compressionCodecClass: str | None = None,
    ) -> None:
        """Write pairs through an OutputFormat of ``org.apache.hadoop.mapred``, into a folder that must not exist.

        Parameters
        ----------
        path : str
            The folder, on any filesystem that Hadoop knows.
        outputFormatClass : str
            Its full name, such as ``"org.apache.hadoop.mapred.SequenceFileOutputFormat"``.
        keyClass, valueClass : str, optional
            Classes of keys and values; else, or if only one is given, those of the first pair.
        keyConverter, valueConverter : str, optional
            Java classes that turn keys or values into what is written, see ``docs/formats.md``.
        conf : dict, optional
            Settings over Hadoop's configuration.
        compressionCodecClass : str, optional
            Such as ``"org.apache.hadoop.io.compress.GzipCodec"``.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        ValueError
            If ``path`` is empty; if there are no pairs, and ``keyClass`` and ``valueClass`` are not given.
        OutputExistsError
            If the folder exists; nothing was written (E03).

        Notes
        -----
        Action: one job; without ``keyClass`` and ``valueClass`` those of ``take(1)`` run before it.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "lines")
        >>> pairs = sc.parallelize([("a", 1), ("b", 2)])
        >>> pairs.saveAsHadoopFile(folder, "org.apache.hadoop.mapred.TextOutputFormat")
        >>> sorted(sc.textFile(folder).collect())
        ['a\\t1', 'b\\t2']
        """
        settings = {**texts(conf), **_codec(compressionCodecClass)}
        output = _output(False, outputFormatClass, keyClass, valueClass, keyConverter, valueConverter, settings)
        self._save_format("saveAsHadoopFile", path, output)

    def saveAsNewAPIHadoopFile(
        self: FormatOutput[tuple[Any, Any]],
        path: str,
        outputFormatClass: str,
        keyClass: str | None = None,
        valueClass: str | None = None,
        keyConverter: str | None = None,
        valueConverter: str | None = None,
        conf: dict[str, str] | None = None,
    ) -> None:
        """Write pairs through an OutputFormat of ``org.apache.hadoop.mapreduce``, into a folder that must not exist.

        See :meth:`saveAsHadoopFile` for the arguments.

        Parameters
        ----------
        path, keyClass, valueClass, keyConverter, valueConverter, conf
            As in :meth:`saveAsHadoopFile`.
        outputFormatClass : str
            Such as ``"org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat"``.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        ValueError
            If ``path`` is empty; if there are no pairs, and ``keyClass`` and ``valueClass`` are not given.
        OutputExistsError
            If the folder exists; nothing was written (E03).

        Notes
        -----
        Action: one job; without ``keyClass`` and ``valueClass`` those of ``take(1)`` run before it.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "pairs")
        >>> name = "org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat"
        >>> sc.parallelize([("a", 1.5), ("b", 2.5)]).saveAsNewAPIHadoopFile(folder, name)
        >>> sorted(sc.sequenceFile(folder).collect())
        [('a', 1.5), ('b', 2.5)]
        """
        output = _output(True, outputFormatClass, keyClass, valueClass, keyConverter, valueConverter, texts(conf))
        self._save_format("saveAsNewAPIHadoopFile", path, output)

    def saveAsHadoopDataset(
        self: FormatOutput[tuple[Any, Any]],
        conf: dict[str, str],
        keyConverter: str | None = None,
        valueConverter: str | None = None,
    ) -> None:
        """Write pairs as settings say, which name the OutputFormat of ``org.apache.hadoop.mapred`` and what it needs.

        Parameters
        ----------
        conf : dict
            Such as ``mapred.output.format.class``, ``mapreduce.job.output.key.class`` and, for files,
            ``mapreduce.output.fileoutputformat.outputdir``.
        keyConverter, valueConverter : str, optional
            Java classes that turn keys or values into what is written, see ``docs/formats.md``.

        Notes
        -----
        Action: one job.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "lines")
        >>> conf = {
        ...     "mapred.output.format.class": "org.apache.hadoop.mapred.TextOutputFormat",
        ...     "mapreduce.job.output.key.class": "org.apache.hadoop.io.Text",
        ...     "mapreduce.job.output.value.class": "org.apache.hadoop.io.IntWritable",
        ...     "mapreduce.output.fileoutputformat.outputdir": folder,
        ... }
        >>> sc.parallelize([("a", 1)]).saveAsHadoopDataset(conf)
        >>> sc.textFile(folder).collect()
        ['a\\t1']
        """
        self._save_dataset("saveAsHadoopDataset", False, texts(conf), keyConverter, valueConverter)

    def saveAsNewAPIHadoopDataset(
        self: FormatOutput[tuple[Any, Any]],
        conf: dict[str, str],
        keyConverter: str | None = None,
        valueConverter: str | None = None,
    ) -> None:
        """Write pairs as settings say, which name the OutputFormat of ``org.apache.hadoop.mapreduce``.

        It is ``mapreduce.job.outputformat.class``; see :meth:`saveAsHadoopDataset` for the rest.

        Parameters
        ----------
        conf : dict
            Such as ``mapreduce.job.outputformat.class``; for the rest see :meth:`saveAsHadoopDataset`.
        keyConverter, valueConverter : str, optional
            As in :meth:`saveAsHadoopDataset`.

        Notes
        -----
        Action: one job.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "lines")
        >>> conf = {
        ...     "mapreduce.job.outputformat.class": "org.apache.hadoop.mapreduce.lib.output.TextOutputFormat",
        ...     "mapreduce.job.output.key.class": "org.apache.hadoop.io.Text",
        ...     "mapreduce.job.output.value.class": "org.apache.hadoop.io.IntWritable",
        ...     "mapreduce.output.fileoutputformat.outputdir": folder,
        ... }
        >>> sc.parallelize([("a", 1)]).saveAsNewAPIHadoopDataset(conf)
        >>> sc.textFile(folder).collect()
        ['a\\t1']
        """
        self._save_dataset("saveAsNewAPIHadoopDataset", True, texts(conf), keyConverter, valueConverter)

    def _save_dataset(
        self, method: str, mapreduce: bool, conf: dict[str, str], keyConverter: str | None, valueConverter: str | None
    ) -> None:
        names = _MAPREDUCE_FORMATS if mapreduce else _MAPRED_FORMATS
        name = _first(conf, names, _TEXT_OUTPUT[mapreduce])
        key = _first(conf, ("mapreduce.job.output.key.class", "mapred.output.key.class"), _DEFAULT_KEY)
        value = _first(conf, ("mapreduce.job.output.value.class", "mapred.output.value.class"), _DEFAULT_VALUE)
        self._save_format(method, None, HadoopFormat(name, mapreduce, key, value, keyConverter, valueConverter, conf))

    def _save_format(self, method: str, path: str | None, output: HadoopFormat) -> None:
        """Write pairs; what the classes are is found from the first pair, as PySpark does, unless they are given."""
        site = call_site()
        folder = None if path is None else output_text(path, method, site)
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


def _output(
    mapreduce: bool,
    name: str,
    key_class: str | None,
    value_class: str | None,
    key_converter: str | None,
    value_converter: str | None,
    settings: dict[str, str],
) -> HadoopFormat:
    """As PySpark: both classes are given, or none counts."""
    if key_class is None or value_class is None:
        key_class = value_class = None
    return HadoopFormat(name, mapreduce, key_class, value_class, key_converter, value_converter, settings)


def texts(conf: dict[str, str] | None) -> dict[str, str]:
    """Settings as Hadoop takes them."""
    return {str(name): str(value) for name, value in (conf or {}).items()}


def _first(conf: dict[str, str], names: tuple[str, ...], otherwise: str) -> str:
    return next((conf[name] for name in names if name in conf), otherwise)
