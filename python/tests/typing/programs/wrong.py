"""Programs that mypy shall refuse: the comments name the kind of error of their line."""

from __future__ import annotations

from weft import WeftContext

sc = WeftContext("inline")
numbers = sc.parallelize([1, 2, 3])
numbers.reduceByKey(lambda a, b: a + b)  # misc
numbers.max(key=lambda x: object())  # call-overload type-var
numbers.map("not a function")  # arg-type
numbers.withSerializer("json")  # arg-type
WeftContext(serializer=3)  # arg-type
words = sc.parallelize(["a", "b"])
words.histogram([1, 2])  # list-item
