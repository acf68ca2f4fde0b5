"""What the steps of an inline job reject, against what they may."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from typing import Any

from weft._datasocket import Failure
from weft._rejects import over_budget
from weft.errors import AccessError, NotSupportedError

__all__ = ["InlineRejects"]

_FIRST = 3


class InlineRejects:
    """Counts, and keeps the dead letters of one job until it is done.

    Parameters
    ----------
    plan : dict
        What ``read_plan`` gives.
    folder : str
        For dead letters until then.
    """

    def __init__(self, plan: dict[str, Any], folder: str) -> None:
        self._folder = folder
        self._policies: dict[int, dict[str, Any]] = {}
        for node in plan["nodes"]:
            for step in node["kind"][1].get("steps", ()):
                if step["errors"] is not None:
                    policy = json.loads(step["errors"])
                    self._policies[policy["id"]] = {**policy, "seen": 0, "rejected": 0, "first": [], "files": []}
        self.partition = 0
        self.total = 0

    def write(self, step: int, lines: memoryview) -> None:
        """Keep lines of the task at hand."""
        name = os.path.join(self._folder, f"rejects-{step}-{self.partition:05d}.jsonl")
        files: list[str] = self._policies[step]["files"]
        if name not in files:
            files.append(name)
            open(name, "wb").close()
        with open(name, "ab") as file:
            file.write(lines)

    def add(self, counts: list[dict[str, Any]]) -> None:
        """Count what a task says in DONE."""
        for one in counts:
            policy = self._policies[one["id"]]
            policy["seen"] += one["seen"]
            policy["rejected"] += one["rejected"]
            policy["first"] += one["first"][: _FIRST - len(policy["first"])]
            self.total += one["rejected"]
            self._check(policy, policy["max"])

    def end(self, application: str) -> None:
        """Check what is only known at the end, and put the dead letters into their folders."""
        for policy in self._policies.values():
            self._check(policy, None if policy["ratio"] is None else policy["ratio"] * policy["seen"])
        for policy in self._policies.values():
            if policy["deadLetters"] is not None:
                self._deliver(policy, application)

    def close(self) -> None:
        """Remove what was not delivered."""
        for policy in self._policies.values():
            for name in policy["files"]:
                if os.path.exists(name):
                    os.unlink(name)

    @staticmethod
    def _check(policy: dict[str, Any], most: float | None) -> None:
        if most is not None and policy["rejected"] > most:
            message = over_budget(policy, policy["seen"], policy["rejected"], policy["first"])
            raise Failure({"code": "E26", "exit": 1, "kind": "user", "message": message}, b"")

    @staticmethod
    def _deliver(policy: dict[str, Any], application: str) -> None:
        path: str = policy["deadLetters"]
        if "://" in path.replace("file://", ""):
            text = f"{path} is not local ({policy['what']}); inline writes local files only."
            raise NotSupportedError(text, "E18", 2)
        folder = os.path.abspath("/" + path[len("file:") :].lstrip("/") if path.startswith("file:") else path)
        try:
            os.makedirs(folder, exist_ok=True)
            for file in policy["files"]:
                name = os.path.basename(file).replace("rejects-", f"rejects-{application}-", 1)
                _copy(file, os.path.join(folder, name))
            for name in os.listdir(folder):  # last: what fails before leaves them
                ours = name.startswith(f"rejects-{application}-")
                if name.startswith("rejects-") and name.endswith(".jsonl") and not ours:
                    os.unlink(os.path.join(folder, name))
            if not os.listdir(folder):
                os.rmdir(folder)
        except OSError as error:
            raise AccessError(f"{folder} cannot be written ({policy['what']}): {error.strerror}", "E16", 3) from None


def _copy(file: str, target: str) -> None:
    """Copy whole or not at all."""
    partial = os.path.join(os.path.dirname(target), "_" + os.path.basename(target))
    try:
        shutil.copyfile(file, partial)
        os.replace(partial, target)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise
