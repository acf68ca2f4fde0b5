"""A real PostgreSQL daemon of its own, on a Unix-domain socket, as long as it is needed."""

from __future__ import annotations

import contextlib
import glob
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator

__all__ = ["programs", "running"]

_START_SECONDS = 60


def programs() -> str | None:
    """The folder of `initdb` and `postgres`, the machine's or those of the package pgserver; None without any."""
    found = shutil.which("initdb")
    if found is not None and shutil.which("postgres") is not None:
        return os.path.dirname(found)
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if folders and os.path.exists(f"{folders[-1]}/postgres"):
        return folders[-1]
    return f"{_packaged()}/bin" if _packaged() else None


def _packaged() -> str | None:
    """PostgreSQL as the package pgserver brings it."""
    found = importlib.util.find_spec("pgserver")
    folder = os.path.join(os.path.dirname(found.origin), "pginstall") if found is not None and found.origin else ""
    return folder if os.path.exists(f"{folder}/bin/postgres") else None


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Give the URL of a new, empty database; the daemon ends with the block."""
    import psycopg

    bin_folder = programs()
    assert bin_folder is not None
    folder = tempfile.mkdtemp(prefix="weft-pg-", dir="/tmp")
    try:
        user = _unprivileged()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
            packaged = _packaged()
            if packaged is not None and bin_folder == f"{packaged}/bin":  # in a folder that may be root's alone
                shutil.copytree(packaged, f"{folder}/install", symlinks=True)
                bin_folder = f"{folder}/install/bin"
        run = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        made = [f"{bin_folder}/initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "weft", "--no-sync", "-E", "UTF8"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=folder, **run)  # type: ignore[call-overload]
        command = [f"{bin_folder}/postgres", "-D", f"{folder}/data", "-k", folder, "-c", "listen_addresses=", "-F"]
        with open(f"{folder}/log", "wb") as log:
            daemon = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **run)  # type: ignore[call-overload]
        try:
            url = f"postgresql://weft:secret@/postgres?host={folder}"
            deadline = time.monotonic() + _START_SECONDS
            while True:
                try:
                    psycopg.connect(url).close()
                    break
                except psycopg.OperationalError:
                    if time.monotonic() > deadline or daemon.poll() is not None:
                        with open(f"{folder}/log", encoding="utf-8", errors="replace") as text:
                            raise AssertionError(f"PostgreSQL did not start: {text.read()}") from None
            yield url
        finally:
            daemon.send_signal(signal.SIGINT)  # ends its connections, too
            try:
                daemon.wait(30)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    """As whom to run it when this is root, whom PostgreSQL refuses."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError("neither a user postgres nor nobody is there to run PostgreSQL as")
