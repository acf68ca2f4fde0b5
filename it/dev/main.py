"""bin/dev: set-up, checks, tests, formatting, benchmarks and the wheel, with nothing installed by hand."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import matrix
import owned

import steps
from tally import Tally

RINGS = ("pure", "local-cluster", "it")


def main(arguments: list[str]) -> int:
    """Runs a verb; returns 0 when all is well, 1 when a check or test failed, 4 when something is missing."""
    parser = argparse.ArgumentParser(prog="bin/dev", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("setup", help="install and build what tests and checks need")
    verbs.add_parser("check", help="formatter, Error Prone, import rules, ruff, mypy")
    test = verbs.add_parser("test", help="checks and tests, ring by ring")
    test.add_argument("--ring", choices=RINGS, action="append", help="only this ring; may be given again")
    test.add_argument("pytest", nargs="*", help="further arguments for pytest, after --")
    it = verbs.add_parser("it", help="the tests on real HDFS and YARN: the same as test --ring it")
    it.add_argument("--full", action="store_true", help="the demonstration over 1.1 GB instead of 50 MB")
    it.add_argument("pytest", nargs="*", help="further arguments for pytest, after --")
    laws = verbs.add_parser("laws", help="the laws of the RDD API alone, on more examples, others in each run")
    laws.add_argument("times", nargs="?", type=int, default=20, help="how many times as many as in test; else 20")
    laws.add_argument("pytest", nargs="*", help="further arguments for pytest, after --")
    more = verbs.add_parser("matrix", help="a part of the tests on Python 3.9, 3.11, the newest and PyPy, as found")
    more.add_argument("--python", action="append", help="only this one, such as 3.9 or pypy3; may be given again")
    part = verbs.add_parser("part", help="what matrix runs, on this Python")
    for either in (more, part):
        either.add_argument("--yarn", action="store_true", help="also recorded cases in containers of a real YARN")
        either.add_argument("pytest", nargs="*", help="further arguments for pytest, after --")
    verbs.add_parser("fmt", help="format Java and sort Python's imports")
    for verb, text in (("bench", "the benchmarks: it/bench"), ("conform", "measure PySpark's side of the API tests")):
        verbs.add_parser(verb, help=text, add_help=False)
    verbs.add_parser("dist", help="build the wheel, the jar and the framework archive in dist/")
    # what follows these two verbs is for their scripts; argparse would take the options among it for its own
    options, rest = parser.parse_known_args(arguments)
    if rest and options.verb not in ("bench", "conform"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return _run(options, [argument for argument in rest if argument != "--"])
    except steps.StepError as failure:
        print(f"dev: {failure}", file=sys.stderr)
        return failure.code


def _run(options: argparse.Namespace, rest: list[str]) -> int:
    if options.verb == "fmt":
        steps.format_sources()
        return 0
    began = time.monotonic()
    if options.verb == "matrix":
        return _report(matrix.run(options.python or [], options.pytest, yarn=options.yarn), began=began)
    steps.setup()
    if options.verb == "setup":
        return 0
    if options.verb == "check":
        return _report(steps.check(), began=began)
    if options.verb == "part":
        return _report(matrix.part(options.pytest, yarn=options.yarn), began=began)
    if options.verb == "laws":
        steps.install()
        laws = ["python/tests/laws"]
        many = steps.pytest_of("laws", "not yarn", laws, options.pytest, WEFT_LAWS_TIMES=str(options.times))
        return _report(many, began=began)
    if options.verb in ("test", "it"):
        if getattr(options, "full", False):
            os.environ["WEFT_IT_SCALE"] = "full"
        rings = ("it",) if options.verb == "it" else tuple(options.ring or RINGS)
        return _test(rings, list(getattr(options, "pytest", [])))
    if options.verb == "dist":
        print(*steps.build_dist(), sep="\n")
        return 0
    return steps.bench(rest) if options.verb == "bench" else steps.conform(rest)


def _test(rings: tuple[str, ...], extra: list[str]) -> int:
    began = time.monotonic()
    total = Tally()
    counts = []
    for ring in RINGS:
        if ring not in rings:
            continue
        result = Tally()
        if ring == "pure":
            result += steps.java_tests()
            result += steps.python_checks()
            steps.install_packages()
        else:
            steps.install()
        result += steps.pytest_ring(ring, extra)
        counts.append(f"{ring} {result.passed:,}")
        total += result
    return _report(total, began=began, counts=counts)


def _report(total: Tally, *, began: float, counts: list[str] | None = None) -> int:
    for line in total.problems:
        print(f"FAILED {line}")
    failed = f"{total.failed:,} failed, " if total.failed else ""
    for reason, times in Counter(total.skipped).items():
        print(f"SKIPPED {times}: {reason}")
    rings = f" ({', '.join(counts)})" if counts else ""
    skipped = f", {len(total.skipped)} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed")
    print(f"weft: {failed}{total.passed:,} passed{rings}{skipped} in {_duration(time.monotonic() - began)}", flush=True)
    return 1 if total.failed else 0


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


if __name__ == "__main__":
    os.chdir(steps.ROOT)
    owned.begin()
    sys.exit(main(sys.argv[1:]))
