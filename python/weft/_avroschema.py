"""Avro schemas as users give them, and as they follow from records."""

from __future__ import annotations

import datetime
import decimal
import json
import os
import re
from collections.abc import Iterable
from typing import Any

__all__ = ["inferred_schema", "known_schema"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PRECISION, _SCALE = 38, 18


def known_schema(schema: Any, what: str) -> Any:
    """Give a schema as fastavro takes it.

    Parameters
    ----------
    schema : dict, list, str or path
        The schema itself, its JSON, the name of a primitive type, or the path of an ``.avsc`` file.
    what : str
        The call that it was given to, for errors.

    Raises
    ------
    ValueError
        If it is no schema.
    """
    from fastavro import parse_schema
    from fastavro.schema import SchemaParseException, UnknownType

    if isinstance(schema, os.PathLike):
        with open(schema, encoding="utf-8") as file:
            schema = json.load(file)
    elif isinstance(schema, str) and schema.lstrip()[:1] in ("{", "[", '"'):
        try:
            schema = json.loads(schema)
        except ValueError as error:
            raise ValueError(f"{what}: the schema is no JSON: {error}") from None
    try:
        parse_schema(schema)
    except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{what}: the schema cannot be used: {type(error).__name__}: {error}") from None
    return schema


def inferred_schema(records: Iterable[Any], what: str) -> dict[str, Any]:
    """Give a schema that these records fit: a record whose fields are all optional.

    Raises
    ------
    ValueError
        If there are no records, or they are no mappings, rows or named tuples.
    """
    from weft._tables.avro import plain_record

    shape = _Shape("Record")
    for record in records:
        plain = plain_record(record)
        if not isinstance(plain, dict):
            raise ValueError(
                f"{what}: no schema follows from {type(record).__name__} records; give schema=, or make them dicts"
            )
        shape.see(plain)
    if not shape.seen:
        raise ValueError(f"{what}: there are no records to infer a schema from; give schema=")
    found: dict[str, Any] = shape.record(what)
    return found


class _Shape:
    """What was seen of one place: its types, and for records their fields, in the order of the first sight."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: dict[str, Any] = {}  # branches of the union, by what they are
        self.fields: dict[str, _Shape] = {}
        self.items: _Shape | None = None

    def see(self, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, dict):
            self._see_fields(value)
        elif isinstance(value, (list, tuple, set)):
            self.seen["array"] = None
            self.items = self.items or _Shape(f"{self.name}.item__")
            for one in value:
                self.items.see(one)
        else:
            branch = _simple(value)
            self.seen[json.dumps(branch)] = branch

    def _see_fields(self, value: dict[Any, Any]) -> None:
        self.seen["record"] = None
        for name, one in value.items():
            shape = self.fields.get(name)
            if shape is None:
                shape = self.fields[name] = _Shape(f"{self.name}.{name}")
            shape.see(one)

    def record(self, what: str) -> dict[str, Any]:
        fields = []
        for name, shape in self.fields.items():
            if not isinstance(name, str) or not _NAME.match(name):
                raise ValueError(f"{what}: {name!r} cannot be the name of an Avro field; give schema=, or rename it")
            fields.append({"name": name, "type": ["null", *shape.branches(what)], "default": None})
        return {"type": "record", "name": self.name, "fields": fields}

    def branches(self, what: str) -> list[Any]:
        found: list[Any] = []
        for kind, branch in self.seen.items():
            if kind == "record":
                found.append(self.record(what))
            elif kind == "array":
                assert self.items is not None
                found.append({"type": "array", "items": ["null", *self.items.branches(what)]})
            else:
                found.append(branch)
        if "double" in found and "long" in found:
            found.remove("long")  # a column of numbers, some of them whole
        # fastavro tries branches in turn, and a logical type may stumble over what a plain one takes
        return sorted(found, key=lambda branch: not isinstance(branch, str)) or ["string"]


def _simple(value: Any) -> Any:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "long"
    if isinstance(value, float):
        return "double"
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    if isinstance(value, datetime.datetime):
        kind = "timestamp-micros" if value.tzinfo is not None else "local-timestamp-micros"
        return {"type": "long", "logicalType": kind}
    if isinstance(value, datetime.date):
        return {"type": "int", "logicalType": "date"}
    if isinstance(value, decimal.Decimal):
        return {"type": "bytes", "logicalType": "decimal", "precision": _PRECISION, "scale": _SCALE}
    kinds = {"float64": "double", "float32": "double", "int64": "long", "int32": "long", "bool": "boolean"}
    return kinds.get(type(value).__name__.rstrip("_"), "string")
