"""What the benches in Python share: telling figures (scripts/run-benches), and what the integration tests are made of."""
import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from support.bed import Bed  # noqa: E402
from support.gateway import Gateway  # noqa: E402


def at_most(name, value, goal, unit=""):
    print(f"figure\t{name}\t{value:.6g}\t<=\t{goal:.6g}\t{unit}", flush=True)


def at_least(name, value, goal, unit=""):
    print(f"figure\t{name}\t{value:.6g}\t>=\t{goal:.6g}\t{unit}", flush=True)


def share(values, part):
    values = sorted(values)
    return values[int((len(values) - 1) * part)]


def median(values):
    return share(values, 0.5)


def timed(work, *words, **more):
    """(seconds, what it gave)"""
    start = time.perf_counter()
    given = work(*words, **more)
    return time.perf_counter() - start, given


def rss_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"no VmRSS of {pid}")


def cpu_s(pid):
    """User and system time of the process so far."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / 100


@contextlib.contextmanager
def folder():
    made = pathlib.Path(tempfile.mkdtemp(prefix="sluice-b-", dir="/tmp"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def bed(*options):
    made = Bed.up(*options, template=str(ROOT / "build" / "bed-template"))
    try:
        yield made
    finally:
        made.down()


@contextlib.contextmanager
def gateway(place, start=True, **more):
    """state_dir (a folder that is there already, by move) among `more`: what it begins with."""
    state = more.pop("state_dir", None)
    place.mkdir(mode=0o700)
    if state:
        shutil.move(state, place / "state")
    made = Gateway(place, **more)
    try:
        yield made.start() if start else made
    finally:
        made.close()


def fill(state_dir, ended, active=0, clusters=1):
    """A state directory with so many jobs (fill_jobs.c)."""
    program = ROOT / "build" / "release" / "test" / "bench" / "fill_jobs"
    subprocess.run([program, state_dir, str(ended), str(active), str(clusters)], check=True)
    return state_dir
