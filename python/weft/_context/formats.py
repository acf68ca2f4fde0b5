"""Records of files that Hadoop's own formats read."""

from __future__ import annotations

from typing import Any

from weft._callsite import call_site
from weft._context.batches import Batches
from weft._lineage import FormatNode, HadoopFormat
from weft._ops.narrow import as_data, as_texts
from weft._ops.objectfile import load_pickles
from weft._rdd.core import path_text
from weft._rdd.formats import texts
from weft.rdd import RDD

__all__ = ["Formats"]

_TEXT = "org.apache.hadoop.io.Text"
_SEQUENCE_FILES = "org.apache.hadoop.mapred.SequenceFileInputFormat"
_WHOLE_FILES, _RECORDS = "io.weft.runner.input.WholeFiles", "io.weft.runner.input.FixedRecords"
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

        Returns
        -------
        RDD of tuple
            Pairs, those of each file in order.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.

        Notes
        -----
        Narrow.

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

        Returns
        -------
        RDD
            The records of each file in order.

        Raises
        ------
        TypeError
            If ``name`` is no str or path.

        Notes
        -----
        Narrow.

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

    def wholeTextFiles(
        self, path: str, minPartitions: int | None = None, use_unicode: bool = True
    ) -> RDD[tuple[str, str]]:
        """Make an RDD of pairs of a file's path and its whole text; small files share partitions.

        Parameters
        ----------
        path : str
            A folder, a pattern, a file, or several of them with commas. Files in .gz, .bz2 and the like are unpacked.
        minPartitions : int, optional
            How many partitions are wanted; else :attr:`defaultMinPartitions`.
        use_unicode : bool
            False gives path and text as bytes.

        Returns
        -------
        RDD of tuple
            Pairs of str; what is no UTF-8 in a text becomes U+FFFD.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.

        Notes
        -----
        Narrow. A file is in a worker's memory as a whole.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = tempfile.mkdtemp()
        >>> for name in ("a", "b"):
        ...     with open(os.path.join(folder, name), "w") as file:
        ...         _ = file.write(f"text of {name}")
        >>> sorted(text for path, text in sc.wholeTextFiles(folder).collect())
        ['text of a', 'text of b']
        """
        wanted = int(minPartitions or self.defaultMinPartitions)
        files = self._format("wholeTextFiles", path, _files(wanted, binary=False), wanted, "TEXTS")
        return files._step("map", as_texts, "wholeTextFiles") if use_unicode else files

    def binaryFiles(self, path: str, minPartitions: int | None = None) -> RDD[tuple[str, bytes]]:
        """Make an RDD of pairs of a file's path and its bytes; small files share partitions.

        A file is in a worker's memory as a whole.

        Parameters
        ----------
        path : str
            A folder, a pattern, a file, or several of them with commas.
        minPartitions : int, optional
            How many partitions are wanted at least; else :attr:`defaultParallelism`. As in PySpark, a partition has
            at most 128 MiB, and opening a file counts as 4 MiB.

        Returns
        -------
        RDD of tuple
            Pairs of str and bytes.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = tempfile.mkdtemp()
        >>> with open(os.path.join(folder, "data"), "wb") as file:
        ...     _ = file.write(b"\\x00\\xff")
        >>> [data for path, data in sc.binaryFiles(folder).collect()]
        [b'\\x00\\xff']
        """
        wanted = max(self.defaultParallelism, int(minPartitions or self.defaultMinPartitions))
        files = self._format("binaryFiles", path, _files(wanted, binary=True), wanted, "FILES")
        return files._step("map", as_data, "binaryFiles")

    def binaryRecords(self, path: str, recordLength: int) -> RDD[bytes]:
        """Make an RDD of the records of files in which all have one length.

        Parameters
        ----------
        path : str
            A file, a folder, a pattern, or several of them with commas.
        recordLength : int
            Bytes of a record.

        Returns
        -------
        RDD of bytes
            The records of each file in order.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        ValueError
            If ``recordLength`` is not positive.
        InputDamagedError
            When a task meets a last record that is shorter.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("wb", delete=False) as file:
        ...     _ = file.write(b"aabbcc")
        >>> sc.binaryRecords(file.name, 2).collect()
        [b'aa', b'bb', b'cc']
        """
        length = int(recordLength)
        if length < 1:
            raise ValueError(f"binaryRecords at {call_site()}: recordLength is {length}, which is not positive")
        source = HadoopFormat(_RECORDS, mapreduce=True, settings={"weft.records.length": str(length)})
        return self._format("binaryRecords", path, source, None, _VALUES)

    def hadoopFile(
        self,
        path: str,
        inputFormatClass: str,
        keyClass: str,
        valueClass: str,
        keyConverter: str | None = None,
        valueConverter: str | None = None,
        conf: dict[str, str] | None = None,
        batchSize: int = 0,
    ) -> RDD[tuple[Any, Any]]:
        """Make an RDD of the pairs that an InputFormat of ``org.apache.hadoop.mapred`` reads from files.

        Parameters
        ----------
        path : str
            A file, a folder, a pattern, or several of them with commas.
        inputFormatClass : str
            Its full name, such as ``"org.apache.hadoop.mapred.TextInputFormat"``.
        keyClass, valueClass : str
            Classes of keys and values, such as ``"org.apache.hadoop.io.Text"``.
        keyConverter, valueConverter : str, optional
            Java classes that turn keys or values into something else, see ``docs/formats.md``.
        conf : dict, optional
            Settings over Hadoop's configuration.
        batchSize : int
            Ignored: records travel in batches that suit them.

        Returns
        -------
        RDD of tuple
            Pairs of what keys and values become, see :meth:`sequenceFile`.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("w", delete=False) as file:
        ...     _ = file.write("one\\ntwo\\n")
        >>> text, long = "org.apache.hadoop.io.Text", "org.apache.hadoop.io.LongWritable"
        >>> sc.hadoopFile(file.name, "org.apache.hadoop.mapred.TextInputFormat", long, text).collect()
        [(0, 'one'), (4, 'two')]
        """
        source = HadoopFormat(inputFormatClass, False, keyClass, valueClass, keyConverter, valueConverter, texts(conf))
        return self._format("hadoopFile", path, source, None, _PAIRS)

    def hadoopRDD(
        self,
        inputFormatClass: str,
        keyClass: str,
        valueClass: str,
        keyConverter: str | None = None,
        valueConverter: str | None = None,
        conf: dict[str, str] | None = None,
        batchSize: int = 0,
    ) -> RDD[tuple[Any, Any]]:
        """Make an RDD of the pairs of an InputFormat of ``org.apache.hadoop.mapred``, told by ``conf`` what to read.

        Parameters
        ----------
        inputFormatClass, keyClass, valueClass, keyConverter, valueConverter, batchSize
            As in :meth:`hadoopFile`.
        conf : dict, optional
            Settings over Hadoop's configuration, such as ``mapreduce.input.fileinputformat.inputdir``.

        Returns
        -------
        RDD of tuple
            Pairs of what keys and values become, see :meth:`sequenceFile`.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("w", delete=False) as file:
        ...     _ = file.write("one\\ntwo\\n")
        >>> text, long = "org.apache.hadoop.io.Text", "org.apache.hadoop.io.LongWritable"
        >>> conf = {"mapreduce.input.fileinputformat.inputdir": file.name}
        >>> sc.hadoopRDD("org.apache.hadoop.mapred.TextInputFormat", long, text, conf=conf).values().collect()
        ['one', 'two']
        """
        source = HadoopFormat(inputFormatClass, False, keyClass, valueClass, keyConverter, valueConverter, texts(conf))
        return self._format("hadoopRDD", None, source, None, _PAIRS)

    def newAPIHadoopFile(
        self,
        path: str,
        inputFormatClass: str,
        keyClass: str,
        valueClass: str,
        keyConverter: str | None = None,
        valueConverter: str | None = None,
        conf: dict[str, str] | None = None,
        batchSize: int = 0,
    ) -> RDD[tuple[Any, Any]]:
        """Make an RDD of the pairs that an InputFormat of ``org.apache.hadoop.mapreduce`` reads from files.

        Parameters
        ----------
        path, keyClass, valueClass, keyConverter, valueConverter, conf, batchSize
            As in :meth:`hadoopFile`.
        inputFormatClass : str
            Such as ``"org.apache.hadoop.mapreduce.lib.input.TextInputFormat"``.

        Returns
        -------
        RDD of tuple
            Pairs of what keys and values become, see :meth:`sequenceFile`.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("w", delete=False) as file:
        ...     _ = file.write("k\\tone\\n")
        >>> text, name = "org.apache.hadoop.io.Text", "org.apache.hadoop.mapreduce.lib.input.KeyValueTextInputFormat"
        >>> sc.newAPIHadoopFile(file.name, name, text, text).collect()
        [('k', 'one')]
        """
        source = HadoopFormat(inputFormatClass, True, keyClass, valueClass, keyConverter, valueConverter, texts(conf))
        return self._format("newAPIHadoopFile", path, source, None, _PAIRS)

    def newAPIHadoopRDD(
        self,
        inputFormatClass: str,
        keyClass: str,
        valueClass: str,
        keyConverter: str | None = None,
        valueConverter: str | None = None,
        conf: dict[str, str] | None = None,
        batchSize: int = 0,
    ) -> RDD[tuple[Any, Any]]:
        """Make an RDD of the pairs of an InputFormat of ``org.apache.hadoop.mapreduce``; ``conf`` tells what to read.

        Parameters
        ----------
        inputFormatClass : str
            Such as ``"org.apache.hadoop.mapreduce.lib.input.TextInputFormat"``.
        keyClass, valueClass, keyConverter, valueConverter, batchSize
            As in :meth:`hadoopFile`.
        conf : dict, optional
            As in :meth:`hadoopRDD`.

        Returns
        -------
        RDD of tuple
            Pairs of what keys and values become, see :meth:`sequenceFile`.

        Notes
        -----
        Narrow.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("w", delete=False) as file:
        ...     _ = file.write("one\\ntwo\\n")
        >>> text, long = "org.apache.hadoop.io.Text", "org.apache.hadoop.io.LongWritable"
        >>> conf = {"mapreduce.input.fileinputformat.inputdir": file.name}
        >>> name = "org.apache.hadoop.mapreduce.lib.input.TextInputFormat"
        >>> sc.newAPIHadoopRDD(name, long, text, conf=conf).values().collect()
        ['one', 'two']
        """
        source = HadoopFormat(inputFormatClass, True, keyClass, valueClass, keyConverter, valueConverter, texts(conf))
        return self._format("newAPIHadoopRDD", None, source, None, _PAIRS)

    def _format(self, method: str, path: str | None, source: HadoopFormat, wanted: int | None, view: str) -> RDD[Any]:
        site = call_site()
        paths = None if path is None else path_text(path, method, site)
        least = int(wanted or self.defaultMinPartitions)
        return self._rdd(FormatNode(self._next_id(), method, site, paths, source, least, view))


def _files(wanted: int, *, binary: bool) -> HadoopFormat:
    settings = {"weft.files.partitions": str(wanted), "weft.files.binary": str(binary).lower()}
    return HadoopFormat(_WHOLE_FILES, mapreduce=True, settings=settings)
