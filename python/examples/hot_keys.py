"""Clicks of which most belong to nobody: find the hot key, join around it, and say how long answers took.

usage: weft run python/examples/hot_keys.py [CLICKS]      needs: pip install 'weft[sketches]'
"""

from __future__ import annotations

import sys

from weft import WeftContext


def click(number: int) -> tuple[str, tuple[str, int]]:
    """A user, the page and the milliseconds: four clicks in five have no user."""
    user = "-" if number % 5 else f"user{number % 7}"
    return user, (f"/page{number % 3}" if number % 4 else "/", 1 + number % 200)


def main(count: int) -> None:
    with WeftContext() as sc:
        clicks = sc.range(count, numSlices=4).map(click).cache()
        for key, rows, _error, share in clicks.hotKeys(1):
            print(f"hot: {key} has {rows} clicks, {share:.0%}")
        users = sc.parallelize([("-", "nobody"), *((f"user{n}", f"User {n}") for n in range(7))], 2)
        names = clicks.skewJoin(users, 4).map(lambda pair: (pair[1][1], 1)).reduceByKey(lambda a, b: a + b)
        for name, rows in names.takeOrdered(2, key=lambda pair: (-pair[1], pair[0])):
            print(f"joined: {name} {rows}")
        kinds = clicks.broadcastLeftOuterJoin({"-": "robot?"}).filter(lambda pair: pair[1][1] is None)
        print(f"known: {kinds.count()}")
        median, slow = clicks.map(lambda pair: float(pair[1][1])).percentiles([0.5, 0.95])
        print(f"milliseconds: half within {median:.0f}, 95 % within {slow:.0f}")
        for page, at_least, _at_most in clicks.map(lambda pair: pair[1][0]).heavyHitters(0.25):
            print(f"common: {page} at least {at_least}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
