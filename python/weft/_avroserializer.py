"""Records in Avro's binary encoding, without files around them."""

from __future__ import annotations

import functools
import io
import json
from typing import Any, Optional

from weft._avroschema import known_schema
from weft._streamed import FramedSerializer

__all__ = ["AvroSerializer"]

_TUPLE, _OTHER = b"T", b"D"
_LONGEST_SHOWN = 200


class AvroSerializer(FramedSerializer):
    """Takes records that fit an Avro schema; PySpark does not have this.

    Mappings come back as dicts. A tuple gives the fields of a record in their order and comes back as a tuple, so that
    pairs can be shuffled; what is within a record comes back as Avro has it: arrays as lists, records as dicts. Rows,
    named tuples and data classes are taken, and come back as dicts. It is for single RDDs and their shuffles: a
    context's serializer also gets what is no record of the program's.

    Parameters
    ----------
    schema : dict, list, str or path
        The schema itself, its JSON, the name of a primitive type, or the path of an ``.avsc`` file.

    Raises
    ------
    ValueError
        If it is no schema; later, for a record that does not fit it.

    Examples
    --------
    >>> from weft.serializers import AvroSerializer
    >>> fields = [{"name": "key", "type": "string"}, {"name": "value", "type": "long"}]
    >>> serializer = AvroSerializer({"type": "record", "name": "Pair", "fields": fields})
    >>> pairs = sc.parallelize([("a", 1), ("b", 2), ("a", 3)])
    >>> sorted(pairs.withSerializer(serializer).reduceByKey(lambda x, y: x + y).collect())
    [('a', 4), ('b', 2)]
    >>> serializer.loads(serializer.dumps({"key": "c", "value": 7}))
    {'key': 'c', 'value': 7}
    """

    def __init__(self, schema: Any) -> None:
        self.schema = json.dumps(known_schema(schema, "AvroSerializer"))

    def dumps(self, obj: Any) -> bytes:
        """Give the bytes.

        Parameters
        ----------
        obj : mapping, tuple or other value
            What fits the schema.

        Returns
        -------
        bytes
            A byte that says whether it was a tuple, and Avro's binary encoding.

        Raises
        ------
        ValueError
            If it does not fit the schema.
        """
        from fastavro import schemaless_writer

        from weft._tables.avro import plain_record

        schema, names = _parsed(self.schema)
        sink = io.BytesIO()
        try:
            if type(obj) is tuple and names is not None:
                if len(obj) != len(names):
                    raise ValueError(f"it has {len(obj)} items, the record {len(names)} fields")
                sink.write(_TUPLE)
                record: Any = dict(zip(names, obj))
            else:
                sink.write(_OTHER)
                record = obj if names is None else plain_record(obj)
            schemaless_writer(sink, schema, record, strict_allow_default=names is not None)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            shown = repr(obj)
            shown = shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 1] + "…"
            raise ValueError(f"AvroSerializer: {shown} does not fit the schema: {error}") from error
        return sink.getvalue()

    def loads(self, obj: bytes) -> Any:
        """Give the record.

        Parameters
        ----------
        obj : bytes
            What :meth:`dumps` gave.

        Returns
        -------
        object
            A tuple where one was given, else what Avro has for the schema.
        """
        from fastavro import schemaless_reader

        schema, _ = _parsed(self.schema)
        source = io.BytesIO(obj)
        is_tuple = source.read(1) == _TUPLE
        record: Any = schemaless_reader(source, schema, None)
        return tuple(record.values()) if is_tuple else record

    def __repr__(self) -> str:
        return f"AvroSerializer({self.schema})"


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[Any, Optional[list[str]]]:
    """A schema as fastavro takes it, and the names of its fields, None if it is no record's."""
    from fastavro import parse_schema

    parsed: Any = parse_schema(json.loads(text))
    is_record = isinstance(parsed, dict) and parsed.get("type") == "record"
    return parsed, [field["name"] for field in parsed["fields"]] if is_record else None
