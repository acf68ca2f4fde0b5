"""Tables: Avro files."""

from __future__ import annotations

from typing import Any, TypeVar

from weft._callsite import call_site
from weft._rdd.core import output_text, positive
from weft._rdd.output import Output
from weft._saving import SaveMode, placing
from weft.errors import ModuleMissingError

__all__ = ["Tables"]

T = TypeVar("T")
_SAMPLE = 1000


class Tables(Output[T]):
    """Records into the files that other programs read."""

    def saveAsAvroFile(
        self,
        path: str,
        schema: Any = None,
        codec: str = "deflate",
        *,
        syncInterval: int = 64 << 10,
        mode: SaveMode = "error",
    ) -> None:
        """Write the records as Avro container files, one a partition, into a folder that must not exist.

        Parameters
        ----------
        path : str
            The folder, on any filesystem that Hadoop knows.
        schema : dict, str or path, optional
            The schema; its JSON, or an ``.avsc`` file (a ``pathlib.Path``). Without one it is inferred from the first
            1,000 records, by a job: dicts, rows, named tuples or data classes, with every field optional.
        codec : str
            ``"deflate"``, ``"null"``, ``"bzip2"`` or ``"xz"``; with the libraries of ``weft[avro]`` also ``"snappy"``
            and ``"zstandard"``.
        syncInterval : int
            About how many bytes a block holds before it is compressed.
        mode : str
            Where the folder exists: ``"error"`` fails before anything runs, ``"overwrite"`` replaces it once the new
            output is complete, ``"append"`` adds files to it.

        Raises
        ------
        TypeError
            If ``path`` is no str or path.
        OutputExistsError
            If the folder exists, and ``mode`` is ``"error"``; nothing was written (E03).
        ValueError
            If a record does not fit the schema, or none can be inferred; if ``path`` is empty, or ``codec``, ``mode``
            or ``syncInterval`` make no sense.
        ModuleMissingError
            If the codec's library is not installed (E06).

        Notes
        -----
        Action: one job. Without a schema jobs as of ``take(1000)`` run before it.

        Examples
        --------
        >>> import tempfile, os
        >>> folder = os.path.join(tempfile.mkdtemp(), "numbers")
        >>> schema = {"type": "record", "name": "N", "fields": [{"name": "n", "type": "long"}]}
        >>> sc.parallelize(range(3), 2).map(lambda n: {"n": n}).saveAsAvroFile(folder, schema)
        >>> sc.avroFile(folder).map(lambda record: record["n"]).sum()
        3
        """
        from weft._avroschema import inferred_schema, known_schema
        from weft._tables.avro import avro_writer
        from weft._tables.needs import need_avro_codec

        site = call_site()
        what = f"saveAsAvroFile at {site}"
        folder = output_text(path, "saveAsAvroFile", site)
        try:
            need_avro_codec(codec)
        except ModuleNotFoundError as error:
            raise ModuleMissingError(f"{what}: {error}", "E06", 4) from None
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from None
        if schema is None:
            found = inferred_schema(self.take(_SAMPLE), what)
        else:
            found = known_schema(schema, what)
        writer = avro_writer(found, codec, positive(syncInterval), what)
        parts = self._partitions_step(writer, "saveAsAvroFile")
        self.ctx._save_bytes(parts._node, folder, ".avro", placing(what, mode), "saveAsAvroFile")
