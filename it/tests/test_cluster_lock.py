"""Two bin/weft-cluster at once on one folder: one waits for the other."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cluster"))

from weftcluster.lock import locked
from weftcluster.settings import ClusterError


def test_the_second_waits_until_the_first_is_done(tmp_path: Path) -> None:
    home, order, entered = tmp_path / "cluster", [], threading.Event()

    def second() -> None:
        entered.set()
        with locked(home, 60):
            order.append("second")

    thread = threading.Thread(target=second)
    with locked(home, 60):
        thread.start()
        assert entered.wait(60)
        thread.join(0.3)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]


def test_waiting_ends_with_what_to_do(tmp_path: Path) -> None:
    with locked(tmp_path / "cluster"), pytest.raises(ClusterError, match=r"works on .*/cluster after 0 s; wait for it"):
        with locked(tmp_path / "cluster", 0):
            pass


def test_no_lock_is_left(tmp_path: Path) -> None:
    with locked(tmp_path / "cluster"):
        assert [path.name for path in tmp_path.iterdir()] == ["cluster.lock"]
    assert list(tmp_path.iterdir()) == []
