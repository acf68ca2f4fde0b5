"""Sales from a database to Avro to Parquet: each step in parallel, each file one that other programs read.

usage: weft run python/examples/tables.py [FOLDER]      needs pyarrow: pip install 'weft[arrow]'
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from typing import Any

from weft import WeftContext

SCHEMA = {
    "type": "record",
    "name": "Sale",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "shop", "type": "string"},
        {"name": "amount", "type": "double"},
    ],
}


def make_database(path: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, shop TEXT, amount REAL)")
        rows = ((i, f"shop {i % 3}", i % 40 / 2) for i in range(10_000))
        database.executemany("INSERT INTO sales VALUES (?, ?, ?)", rows)
    database.close()


def large(batch: Any) -> Any:
    import pyarrow.compute as pc

    return batch.filter(pc.greater(batch["amount"], 15.0))


folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="weft-tables-")
database, avro, parquet = (os.path.join(folder, name) for name in ("sales.db", "avro", "parquet"))
make_database(database)
with WeftContext() as sc:
    sales = sc.fromDB(f"sqlite:///{database}", "sales", column="id", numPartitions=4, dicts=True)
    sales.saveAsAvroFile(avro, SCHEMA)

    # read as a newer schema: shop is now called store, and there is a country
    store = {"name": "store", "aliases": ["shop"], "type": "string"}
    country = {"name": "country", "type": "string", "default": "NZ"}
    newer = {**SCHEMA, "fields": [SCHEMA["fields"][0], store, SCHEMA["fields"][2], country]}
    sc.avroFile(avro, newer).saveAsParquetFile(parquet)

    amounts = sc.parquetFile(parquet, columns=["store", "amount"]).mapBatches(large)
    sums = amounts.map(lambda row: (row["store"], row["amount"])).reduceByKey(lambda a, b: a + b)
    for name, total in sorted(sums.collect()):
        print(f"{name}\t{total:.1f}")
