"""Numbers and progress of a run, for Sluice. One file, no dependencies: copy it beside your training script.

    import sluice_client as sluice
    for step, batch in enumerate(data):
        sluice.log({"loss": loss, "acc": acc}, step=step)

It appends one JSON object a line to metrics.jsonl in the run's folder, which the gateway reads along; no network
is needed on the node. Outside of a run it writes to ./metrics.jsonl. In a distributed run only rank 0 writes.
NaN and infinity are kept. Values that are no numbers are left out; tensors and numpy scalars are asked for theirs.
"""

import json
import os
import threading
import time

_lock = threading.Lock()
_file = None


def run_dir():
    """The run's folder, or the current one outside of a run."""
    return os.environ.get("SLUICE_RUN_DIR", ".")


def is_main_process():
    """False on every rank but the first, whatever launched it."""
    for name in ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK"):
        if os.environ.get(name, "").isdigit():
            return int(os.environ[name]) == 0
    return True


def _number(value):
    if isinstance(value, (bool, int, float)):
        return float(value) if isinstance(value, bool) else value
    try:
        return value.item()
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return None


def _numbers(values):
    found = {}
    for name, value in values.items():
        if isinstance(value, dict):
            for inner, number in _numbers(value).items():
                found[f"{name}/{inner}"] = number
            continue
        number = _number(value)
        if number is not None:
            found[str(name)] = number
    return found


def log(values, step=None):
    """Writes one line. step may be left out (points are then numbered), and may go back after a restart."""
    global _file
    if not is_main_process():
        return
    line = _numbers(values)
    if not line:
        return
    if step is not None:
        line["step"] = step
    line["time"] = round(time.time(), 3)
    text = json.dumps(line, separators=(",", ":")) + "\n"
    with _lock:
        if _file is None:
            # One write a line on a descriptor in append mode: lines of several processes never mix.
            path = os.path.join(run_dir(), "metrics.jsonl")
            _file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(_file, text.encode())


def progress(iterable, total=None, every_s=5.0):
    """Goes through an iterable and prints a line such as " 45%| 450/1000 [01:02<01:16]" now and then, which the
    gateway shows as the run's progress."""
    if total is None:
        total = len(iterable)
    start = told = time.monotonic()
    for count, item in enumerate(iterable, 1):
        yield item
        now = time.monotonic()
        if is_main_process() and total and (now - told >= every_s or count == total):
            told = now
            spent = now - start
            left = spent / count * (total - count)
            print(f"{100 * count // total:3d}%| {count}/{total} [{_clock(spent)}<{_clock(left)}]", flush=True)


def _clock(seconds):
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
