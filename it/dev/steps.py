"""The steps that the verbs of bin/dev are made of."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from tally import Tally, failure, read

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".weft"
PYSPARK = "4.3.0"
RESULTS = ROOT / "build" / "test-results"
MARKERS = {
    "pure": "not local and not cluster and not yarn",
    "local-cluster": "(local or cluster) and not yarn",
    "it": "yarn",
}
TEST_FOLDERS = ("python/tests", "it/tests")


class StepError(Exception):
    """A step could not be done; the text says what to do. `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def dev_python() -> Path:
    """The Python of the private environment that holds pytest, ruff and mypy."""
    requirements = (ROOT / "python" / "requirements-dev.txt").read_bytes()
    key = zlib.crc32(requirements + os.fsencode(sys.base_prefix) + sys.version.encode())
    return STATE / f"dev-{sys.version_info[0]}.{sys.version_info[1]}-{key:08x}" / "bin" / "python"


def setup() -> None:
    """Makes the private environment; costs nothing when it is there."""
    python = dev_python()
    target = python.parent.parent
    if (target / "ready").exists():
        return
    try:
        STATE.mkdir(exist_ok=True)
        lock = open(STATE / "dev.lock", "w")
    except OSError as problem:
        raise StepError(f"{STATE} cannot be written: {problem.strerror}", 4) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (target / "ready").exists():
            return
        shutil.rmtree(target, ignore_errors=True)
        say("fetching pytest, hypothesis, mypy, ruff, pyarrow, pandas and more")
        made = subprocess.run([sys.executable, "-m", "venv", str(target)], capture_output=True, text=True, check=False)
        if made.returncode:
            raise StepError(f"{sys.executable} -m venv failed; install python3-venv: {last_line(made.stdout)}", 4)
        pip = [str(python), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "-r", str(ROOT / "python" / "requirements-dev.txt")], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StepError(f"pip failed: {last_line(done.stderr)}", 4)
        (target / "ready").touch()


def install() -> None:
    """What the first run of bin/weft builds: jars, packages, compiled operators."""
    if subprocess.run([str(dev_python()), "-m", "weft._install"], env=environment(), check=False).returncode:
        raise StepError("the jars could not be built", 4)


def install_packages() -> None:
    """What of it needs no Java: packages, compiled operators."""
    code = "from weft._install import ensure_packages; ensure_packages()"
    if subprocess.run([str(dev_python()), "-c", code], env=environment(), check=False).returncode:
        raise StepError("the packages could not be installed", 4)


def environment() -> dict[str, str]:
    """The environment of tests: this checkout's package, and no cluster of the person's own."""
    values = dict(os.environ, PYTHONPATH=str(ROOT / "python"), PATH=f"{dev_python().parent}:{os.environ['PATH']}")
    if sys.implementation.name == "pypy":
        values.setdefault("PYPY_GC_NURSERY", "8M")  # as workers have it, for tests that measure memory
    for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR", "WEFT_PYTHON", "PYSPARK_PYTHON", "PYTHONHASHSEED"):
        values.pop(name, None)
    return values


def maven(goals: list[str], log: str) -> int:
    """Runs Maven with its output in build/test-results; shows the errors when it fails."""
    if shutil.which("mvn") is None:
        raise StepError("Maven (mvn) is not on the PATH; install maven.", 4)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / log
    with open(path, "wb") as out:
        done = subprocess.run(["mvn", "-B", "-q", *goals], cwd=ROOT, stdout=out, stderr=out, check=False)
    if done.returncode:
        errors = [line for line in path.read_text(errors="replace").splitlines() if "[ERROR]" in line]
        print("\n".join(errors[:40]), file=sys.stderr)
        say(f"all of it: {path}")
    return done.returncode


def java_tests() -> Tally:
    """JUnit first, so that a file out of format hides no test; then `mvn verify` for formatter and import rules."""
    say("mvn test: Error Prone and Java's tests")
    for old in ROOT.glob("*/target/surefire-reports/TEST-*.xml"):
        old.unlink()
    code = maven(["-Dmaven.test.failure.ignore=true", "test"], "mvn-test.log")
    result = read(sorted(ROOT.glob("*/target/surefire-reports/TEST-*.xml")))
    return (result + failure("mvn test") if code else result) + java_checks()


def java_checks() -> Tally:
    """Formatter, import rules and sizes."""
    say("mvn verify without tests: formatter, import rules, sizes")
    return failure("mvn verify") if maven(["-DskipTests", "verify"], "mvn-verify.log") else Tally(passed=1)


def python_checks() -> Tally:
    """ruff and mypy --strict, the latter also of programs that use Weft."""
    say("ruff and mypy")
    folder = dev_python().parent
    mypy = str(folder / "mypy")
    programs = [mypy, "--strict", "--ignore-missing-imports", "--config-file=", "--follow-imports=silent"]
    result = Tally()
    for name, place, command in (
        ("ruff", "", [str(folder / "ruff"), "check", "-q", "--config", "python/pyproject.toml", "python", "it"]),
        ("mypy", "python", [mypy, "--config-file", "pyproject.toml"]),
        ("mypy it/cluster", "it/cluster", [mypy, "--strict", "-p", "weftcluster"]),
        ("mypy examples", "python", [*programs, *map(str, sorted((ROOT / "python" / "examples").glob("*.py")))]),
        ("mypy it/etl", "it/etl", [*programs, "etl.py", "classic.py", "weblogsteps.py"]),
    ):
        values = {**os.environ, "MYPYPATH": str(ROOT / "python")} if place == "it/etl" else None
        done = subprocess.run(command, cwd=ROOT / place, env=values, stdout=sys.stderr, check=False)
        result += failure(name) if done.returncode else Tally(passed=1)
    return result


def check() -> Tally:
    """All checks, no tests."""
    return java_checks() + python_checks()


def pytest_ring(ring: str, extra: list[str]) -> Tally:
    """Runs the Python tests of a ring: the first by two processes, unless with arguments such as -s."""
    folders = [folder for folder in TEST_FOLDERS if (ROOT / folder).is_dir()]
    # jobs on local-cluster take all processors of a small machine by themselves
    spread = ["-n", "2", "--dist", "loadfile"] if ring == "pure" and not extra else []
    return pytest_of(f"ring {ring}", MARKERS[ring], folders, [*spread, *extra])


def report_of(name: str) -> Path:
    """The JUnit report that :func:`pytest_of` writes."""
    return RESULTS / f"pytest-{name.replace('ring ', '')}.xml"


def pytest_of(name: str, marker: str, folders: list[str], extra: list[str], **variables: str) -> Tally:
    """Runs the Python tests of some folders that a marker's expression selects."""
    say(f"pytest, {name}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = report_of(name)
    report.unlink(missing_ok=True)
    command = [str(dev_python()), "-m", "pytest", "-c", "python/pyproject.toml", "--rootdir", str(ROOT)]
    command += ["--continue-on-collection-errors", "-p", "no:cacheprovider", "-m", marker]
    command += [f"--junitxml={report}", *extra, *folders]
    values = {**environment(), **variables}
    code = subprocess.run(command, cwd=ROOT, env=values, stdout=sys.stderr, check=False).returncode
    result = read([report]) if report.exists() else Tally()
    nothing_selected = 5
    if code in (0, 1, nothing_selected):
        return result
    return result + failure(f"pytest of {name}: exit code {code}")


def format_sources() -> None:
    """Formats Java; sorts Python's imports."""
    setup()
    if maven(["spotless:apply"], "fmt.log"):
        raise StepError("the Java formatter failed")
    ruff = [str(dev_python().parent / "ruff"), "check", "-q", "--fix-only", "--config", "python/pyproject.toml"]
    subprocess.run([*ruff, "python", "it"], cwd=ROOT, check=False)


def bench(arguments: list[str]) -> int:
    """it/bench: Weft beside PySpark on the same input."""
    script = ROOT / "it" / "bench" / "main.py"
    if not script.exists():
        raise StepError(f"there is no {script.relative_to(ROOT)}")
    install()
    values = dict(environment(), WEFT_BENCH_PYSPARK=str(pyspark_python()))
    return subprocess.run([str(dev_python()), str(script), *arguments], env=values, check=False).returncode


def conform(arguments: list[str]) -> int:
    """Measures what the tests compare with under PySpark; they read what is recorded, and need no PySpark.

    All of it, or a part: `cases` (and its modules), `formats` (and cases), `programs` (and names).
    """
    scripts = {"cases": "record.py", "formats": "formats.py", "programs": "record_programs.py"}
    parts = arguments[:1] or list(scripts)
    if parts[0] not in scripts:
        raise StepError(f"conform: {parts[0]} is none of {', '.join(scripts)}")
    for part in parts:
        command = [str(pyspark_python()), str(ROOT / "python" / "tests" / "conform" / scripts[part]), *arguments[1:]]
        code = subprocess.run(command, env=environment(), check=False).returncode
        if code:
            return code
    return 0


def pyspark_python() -> Path:
    """The Python of a private environment that holds PySpark; fetched when it is first asked for (450 MB).

    WEFT_CONFORM_PYTHON names one that is there already.
    """
    if os.environ.get("WEFT_CONFORM_PYTHON"):
        return Path(os.environ["WEFT_CONFORM_PYTHON"])
    target = STATE / f"pyspark-{PYSPARK}-{dev_python().parent.parent.name}"
    python = target / "bin" / "python"
    if not (target / "ready").exists():
        say(f"fetching PySpark {PYSPARK}")
        shutil.rmtree(target, ignore_errors=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
        for command in ([sys.executable, "-m", "venv", str(target)], [*pip, f"pyspark=={PYSPARK}", "numpy"]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise StepError(f"PySpark {PYSPARK} could not be fetched: {last_line(done.stderr)}", 4)
        (target / "ready").touch()
    return python


def build_dist() -> list[Path]:
    """Fills dist/: the wheel, and for `yarn jar` the jar with the framework archive beside it."""
    install()
    program = (
        "from weft import _install, _framework; _install.link_dependencies();"
        "print(_install.lib_folder()); print(_framework.ensure_framework())"
    )
    asked = subprocess.run(
        [str(dev_python()), "-c", program], env=environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    lib, framework = asked.stdout.splitlines()[-2:]
    dist = ROOT / "dist"
    dist.mkdir(exist_ok=True)
    jar = next(Path(lib).glob("weft-*.jar"))
    # copy2: a jar's time must stay what it was when the class archive was recorded
    made = [Path(shutil.copy2(jar, dist)), Path(shutil.copy2(framework, dist / f"{jar.stem}-framework.tar.gz"))]
    made.append(Path(shutil.copy2(f"{framework}.sha256", f"{made[-1]}.sha256")))
    return [build_wheel(Path(lib), dist), *made]


def build_wheel(lib: Path, dist: Path) -> Path:
    """Builds the wheel from a copy of the package that holds the jars too."""
    with tempfile.TemporaryDirectory(prefix="weft-dist-") as folder:
        copy = Path(folder, "python")
        ignored = shutil.ignore_patterns("__pycache__", "*.so", "tests", "*.egg-info", "build")
        shutil.copytree(ROOT / "python", copy, ignore=ignored)
        shutil.copytree(lib, copy / "weft" / "_lib")
        (copy / "weft" / "_bin").mkdir()
        shutil.copy2(ROOT / "bin" / "weft-container", copy / "weft" / "_bin" / "weft-container")
        shutil.copy2(ROOT / "LICENSE", copy / "LICENSE")
        command = [str(dev_python()), "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(dist), str(copy)]
        if subprocess.run(command, check=False).returncode:
            raise StepError("pip wheel failed")
    return max(dist.glob("weft-*.whl"), key=lambda wheel: wheel.stat().st_mtime)


def say(line: str) -> None:
    print(f"dev: {line}", file=sys.stderr, flush=True)


def last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
