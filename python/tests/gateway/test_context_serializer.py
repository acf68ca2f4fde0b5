"""A serializer of the context's."""

from __future__ import annotations

import pytest

from weft import WeftContext
from weft.serializers import AutoBatchedSerializer, CompressedSerializer, MarshalSerializer, PickleSerializer

MASTERS = ["inline[4]", pytest.param("local[2]", marks=pytest.mark.local)]


@pytest.mark.parametrize("master", MASTERS)
def test_a_serializer_of_the_context_is_that_of_every_rdd(master: str) -> None:
    with WeftContext(master, serializer=MarshalSerializer(), batchSize=2) as sc:
        assert repr(sc.serializer) == "BatchedSerializer(MarshalSerializer(), 2)"
        assert sc.parallelize([1, 2, 3], 2).map(lambda x: (x % 2, x)).reduceByKey(max).collect() == [(0, 2), (1, 3)]
        assert sc.parallelize([3, 1, 2], 2).sortBy(lambda x: x).cache().collect() == [1, 2, 3]
        assert sc.parallelize([1]).map(lambda x: object()).count() == 1
        with pytest.raises(ValueError, match="unmarshallable object"):
            sc.parallelize([1]).map(lambda x: object()).collect()
        with pytest.raises(Exception, match="unmarshallable object"):
            sc.parallelize([object()])


@pytest.mark.parametrize("batched", [False, True])
def test_a_serializer_may_bring_its_batches(batched: bool) -> None:
    single = CompressedSerializer(PickleSerializer())
    with WeftContext("inline", serializer=AutoBatchedSerializer(single) if batched else single) as sc:
        assert repr(sc.serializer) == "AutoBatchedSerializer(CompressedSerializer(PickleSerializer()))"
        assert sc.parallelize(range(5), 2).map(lambda x: (x % 2, x)).groupByKey(1).mapValues(list).collect() == [
            (0, [0, 2, 4]),
            (1, [1, 3]),
        ]
