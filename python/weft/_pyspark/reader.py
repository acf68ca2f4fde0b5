"""What ``SparkSession.read`` gives: lines on their way to an RDD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weft._callsite import call_site
from weft._inline import is_inline
from weft._pyspark.exceptions import AnalysisException
from weft._pyspark.modules import absent
from weft._pyspark.row import Row
from weft.errors import InputMissingError, NotSupportedError

if TYPE_CHECKING:
    from weft.context import WeftContext
    from weft.rdd import RDD

__all__ = ["DataFrameReader", "TextFrame"]

_LINES = "org.apache.hadoop.mapreduce.lib.input.TextInputFormat"
_KEY, _VALUE = "org.apache.hadoop.io.LongWritable", "org.apache.hadoop.io.Text"
_ALTERNATIVES = {
    "pathGlobFilter": "a pattern in the path, such as folder/*.txt",
    "recursiveFileLookup": "a pattern for each depth, such as folder/*,folder/*/*",
    "modifiedBefore": "the paths of the files that are wanted, as a list",
    "modifiedAfter": "the paths of the files that are wanted, as a list",
}
_FORMATS = {"avro": "sc.avroFile(path)", "parquet": "sc.parquetFile(path)", "csv": "csv.reader in mapPartitions"}


class PathMissingError(InputMissingError, AnalysisException):
    """What is to be read does not exist (E02)."""


class DataFrameReader:
    """Reads text; every other format is not in Weft."""

    def __init__(self, context: WeftContext) -> None:
        self._context = context
        self._options: dict[str, Any] = {}
        self._format = "parquet"  # PySpark's own default

    def format(self, source: str) -> DataFrameReader:
        """Say what is to be read: text."""
        self._format = source.lower()
        return self

    def option(self, key: str, value: Any) -> DataFrameReader:
        """Set one of :meth:`text`'s arguments."""
        self._options[key] = value
        return self

    def options(self, **options: Any) -> DataFrameReader:
        """Set some of :meth:`text`'s arguments."""
        self._options.update(options)
        return self

    def load(
        self, path: str | list[str] | None = None, format: str | None = None, schema: Any = None, **options: Any
    ) -> TextFrame:
        """Read lines, as :meth:`text` does, where ``format`` says so."""
        if schema is not None:
            text = f"spark.read.load(schema=...) ({call_site()}) is not in Weft: leave it out."
            raise NotSupportedError(text, "E18", 2)
        source = (format or self._format).lower()
        if source != "text":
            instead = _FORMATS.get(source, "sc.textFile, sc.source, or the format's own library in mapPartitions")
            raise NotSupportedError(f"Reading {source} ({call_site()}) is not in Weft. Instead: {instead}.", "E18", 2)
        return self.options(**options).text(path or [])

    def text(
        self,
        paths: str | list[str],
        wholetext: bool | str = False,
        lineSep: str | None = None,
        pathGlobFilter: bool | str | None = None,
        recursiveFileLookup: bool | str | None = None,
        modifiedBefore: bool | str | None = None,
        modifiedAfter: bool | str | None = None,
    ) -> TextFrame:
        """Read lines; ``.rdd`` gives rows with the one name ``value``.

        Parameters
        ----------
        paths : str or list of str
            Files, folders and patterns.
        wholetext : bool
            Whether a row is a whole file.
        lineSep : str, optional
            What ends a line, instead of the usual line ends.
        pathGlobFilter, recursiveFileLookup, modifiedBefore, modifiedAfter : None
            PySpark has them; anything but None is refused.

        Raises
        ------
        AnalysisException
            If something of it does not exist.
        NotSupportedError
            For what Weft does not have.
        """
        arguments = {
            "wholetext": wholetext or None,
            "lineSep": lineSep,
            "pathGlobFilter": pathGlobFilter,
            "recursiveFileLookup": recursiveFileLookup,
            "modifiedBefore": modifiedBefore,
            "modifiedAfter": modifiedAfter,
        }
        given = {**self._options, **{name: value for name, value in arguments.items() if value is not None}}
        whole, ends = given.pop("wholetext", False), given.pop("lineSep", None)
        _refuse(given)
        joined = paths if isinstance(paths, str) else ",".join(paths)
        frame = TextFrame(self._lines(joined, str(whole).lower() == "true", ends))
        try:
            frame._texts.getNumPartitions()  # PySpark looks for the paths here, and programs wait for it
        except InputMissingError as error:
            raise PathMissingError(error.message, error.code, error.exit_code) from None
        return frame

    def _lines(self, paths: str, whole: bool, ends: str | None) -> RDD[str]:
        if whole:
            return self._context.wholeTextFiles(paths).values()
        if ends is None:
            return self._context.textFile(paths)
        if is_inline(self._context.master):
            return self._context.wholeTextFiles(paths).values().flatMap(_Split(ends))
        conf = {"textinputformat.record.delimiter": ends}
        return self._context.newAPIHadoopFile(paths, _LINES, _KEY, _VALUE, conf=conf).values()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(f"pyspark.sql.SparkSession.read.{name}")


class TextFrame:
    """Lines, on their way to an RDD."""

    def __init__(self, texts: RDD[str]) -> None:
        self._texts = texts

    @property
    def rdd(self) -> RDD[Row]:
        """The lines as rows."""
        return self._texts.map(_row)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(f"pyspark.sql.DataFrame.{name}")


class _Split:
    """Cuts a file's text into lines."""

    def __init__(self, ends: str) -> None:
        self._ends = ends

    def __call__(self, text: str) -> list[str]:
        lines = text.split(self._ends)
        return lines if lines[-1] else lines[:-1]


def _refuse(options: dict[str, Any]) -> None:
    for name, value in options.items():
        instead = _ALTERNATIVES.get(name)
        if instead and str(value).lower() == "false":
            continue
        text = f"spark.read.text({name}=...) ({call_site()}) is not in Weft"
        raise NotSupportedError(f"{text}. Instead: {instead}." if instead else f"{text}: leave it out.", "E18", 2)


def _row(line: str) -> Row:
    return Row(value=line)
