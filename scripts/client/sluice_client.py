"""Numbers and progress of a run, for Sluice. One file, no dependencies: copy it beside your training script.

    import sluice_client as sluice
    for step, batch in enumerate(data):
        sluice.log({"loss": loss, "acc": acc}, step=step)

Every point is appended to a file in the run's folder before log() returns, which the gateway reads along: nothing is
lost when the process is killed, the network is down or the gateway is away. Where the run was given an address and a
token (SLUICE_METRICS_URL, SLUICE_METRICS_TOKEN), a thread also posts the points at once, in batches, and tries again
while the gateway does not answer; the gateway knows which points it has, so none counts twice. Outside of a run points
go to ./metrics.jsonl. In a distributed run only rank 0 writes. NaN and infinity are kept. Values that are no numbers
are left out; tensors and numpy scalars are asked for theirs.

log() never raises because of the gateway or the disk, and never waits for the network.
"""

import atexit
import collections
import http.client
import json
import math
import os
import threading
import time
import urllib.parse

BATCH_POINTS = 500
BATCH_BYTES = 256 * 1024
WAIT_S = 1.0            # points are gathered so long before they are posted
RETRY_S = (1, 60)       # the first and the longest wait after a gateway that did not answer
TIMEOUT_S = 10
EXIT_S = 5              # at the end of the program; the file has what was not posted by then
PLACES = ("step", "_step", "global_step", "time", "_timestamp", "timestamp")
QUEUE_POINTS = 20000    # beyond: the file alone carries on


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
        value = value.item()
        return value if isinstance(value, (int, float)) else None
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


def _of_task(point):
    """The tasks of a job array share a folder: their curves are told apart by name, as those of their logs are."""
    task = os.environ.get("SLURM_ARRAY_TASK_ID", "")
    if not task.isdigit():
        return point
    return {name if name in PLACES else f"task{task}/{name}": value for name, value in point.items()}


def _strict(point):
    """The point as JSON has words for it: the API takes NaN and infinity as strings."""
    return {name: value if math.isfinite(value) else "NaN" if math.isnan(value)
            else "Infinity" if value > 0 else "-Infinity" for name, value in point.items()}


class Refused(Exception):
    """The gateway does not want these points, now or later."""


class Poster:
    """Posts the points of one stream in order, from a thread of its own. What it cannot post the file has."""

    def __init__(self, url, token, stream):
        self.url = urllib.parse.urlsplit(url)
        self.token = token
        self.stream = stream
        self.first = 0  # number of the oldest point in the queue
        self.queue = collections.deque()
        self.lock = threading.Condition()
        self.is_over = self.is_ending = self.is_failing = False
        self.thread = threading.Thread(target=self._run, name="sluice-metrics", daemon=True)
        self.thread.start()

    def add(self, point):
        with self.lock:
            if len(self.queue) >= QUEUE_POINTS:
                self.is_over = True
            if not self.is_over:
                self.queue.append(json.dumps(_strict(point), separators=(",", ":")))
            self.lock.notify()

    def flush(self, timeout_s, is_last=False):
        """True when all was posted in time. is_last: a gateway that does not answer is not waited for."""
        end = time.monotonic() + timeout_s
        with self.lock:
            self.is_ending = True
            self.lock.notify()
            while self.queue and not self.is_over and time.monotonic() < end and not (is_last and self.is_failing):
                self.lock.wait(0.05)
            return not self.queue

    def _batch(self):
        size, batch = 0, []
        for text in list(self.queue)[:BATCH_POINTS]:
            size += len(text) + 1
            if batch and size > BATCH_BYTES:
                break
            batch.append(text)
        return batch

    def _gather(self):
        """Waits for points, and a little for more of them; the batch to post, empty when all is over."""
        with self.lock:
            while not self.queue and not self.is_over:
                self.lock.wait()
            if not self.is_ending and len(self.queue) < BATCH_POINTS:
                self.lock.wait_for(lambda: self.is_ending or len(self.queue) >= BATCH_POINTS, WAIT_S)
            return [] if self.is_over else self._batch()

    def _run(self):
        wait_s = RETRY_S[0]
        while True:
            batch = self._gather()
            if not batch:
                return
            try:
                self._post(batch)
            except Refused:
                with self.lock:
                    self.is_over = True
                    self.lock.notify_all()
                return
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.is_failing = True
                    self.lock.notify_all()
                    self.lock.wait_for(lambda: self.is_ending, wait_s if not self.is_ending else 0)
                time.sleep(0.2)  # also when the program is about to end: a few tries, not thousands
                wait_s = min(2 * wait_s, RETRY_S[1])
                continue
            wait_s = RETRY_S[0]
            with self.lock:
                self.is_failing = False
                for _ in batch:
                    self.queue.popleft()
                self.first += len(batch)
                self.lock.notify_all()

    def _post(self, batch):
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        body = f'{{"stream":"{self.stream}","first":{self.first},"points":[{",".join(batch)}]}}'
        connection = kind(self.url.hostname, self.url.port, timeout=TIMEOUT_S)
        try:
            connection.request("POST", self.url.path, body.encode(), {
                "Content-Type": "application/json", "Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        if 400 <= answer.status < 500 and answer.status not in (408, 429):
            raise Refused(f"{answer.status} {answer.reason}")
        if answer.status >= 300:
            raise OSError(f"{answer.status} {answer.reason}")


class Writer:
    """The file, and where there is one the poster; of one process."""

    def __init__(self):
        self.pid = os.getpid()
        self.poster = None
        url, token = os.environ.get("SLUICE_METRICS_URL"), os.environ.get("SLUICE_METRICS_TOKEN")
        name = "metrics.jsonl"
        if url and token:
            stream = os.urandom(8).hex()
            name = f"metrics.{stream}.jsonl"
            self.poster = Poster(url, token, stream)
        # One write a line on a descriptor in append mode: lines of several processes never mix.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            self.file = os.open(os.path.join(run_dir(), name), flags, 0o644)
        except OSError:
            self.file = None

    def add(self, point):
        if self.file is not None:
            line = (json.dumps(point, separators=(",", ":")) + "\n").encode()
            try:
                if os.write(self.file, line) != len(line):
                    raise OSError("the disk is full")
            except OSError:
                os.close(self.file)  # a torn line ends it: numbers behind it would be wrong
                self.file = None
        if self.poster:
            self.poster.add(point)

    def end(self):
        if self.poster and self.pid == os.getpid():
            self.poster.flush(EXIT_S, is_last=True)


_lock = threading.Lock()
_writer = None


def log(values, step=None):
    """Takes one point. step may be left out (points are then numbered), and may go back after a restart."""
    global _writer
    if not is_main_process():
        return
    point = _of_task(_numbers(values))
    if not point:
        return
    if step is not None:
        point["step"] = _number(step)
        if point["step"] is None:
            del point["step"]
    point["time"] = round(time.time(), 3)
    with _lock:
        if _writer is None or _writer.pid != os.getpid():  # a fork has a stream of its own
            _writer = Writer()
            atexit.register(_writer.end)
        _writer.add(point)


def flush(timeout_s=EXIT_S):
    """Waits until the gateway has everything, at most so long; True if it has. The file has it in any case."""
    with _lock:
        poster = _writer.poster if _writer and _writer.pid == os.getpid() else None
    if poster is None:
        return True
    done = poster.flush(timeout_s)
    poster.is_ending = False
    return done


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
