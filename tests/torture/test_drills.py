"""Drills 25 to 28: our disk is full, our memory is gone, our fsync fails, our descriptors are used up. Each with jobs
under way: none is lost, none runs twice, each ends as it ended, and the gateway is itself again without help."""
import contextlib
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import tempfile
import time

import pytest

from faults import COUNT, FOREVER, ONCE, Control
from runner import FRESH, LOST_TOUCH, OUT_OF_MEMORY, Client
from support.gateway import FINAL, Gateway, until
from support.project import make_ledger_project
from support.witness import assert_exactly_once, checker


@pytest.fixture
def folder():
    made = pathlib.Path(tempfile.mkdtemp(prefix="sluice-d-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Site:
    """A gateway on this machine, a project whose payload keeps a ledger until it is let go, and what was accepted."""

    def __init__(self, folder, env=None, code="snapshot"):
        place = folder / "gw"
        place.mkdir(mode=0o700, exist_ok=True)
        self.ledger, self.gate, self.accepted = folder / "ledger", folder / "go", []
        local = {"name": "local", "type": "local", "workspace": str(folder / "work"), "local": {"cpu_slots": 100},
                 "poll": {"active": 1, "pending": 1}}
        self.gateway = Gateway(place, clusters=[local], config={"t_settle": "1s"}, env=env)
        self.gateway.start(timeout=60)
        self.client = Client(self.gateway.port)
        wait = f"while [ ! -e {self.gate} ]; do sleep 0.1; done; exec sh payload.sh {self.ledger} 0 5"
        self.project = self.client.ask("POST", "projects", {"path": str(make_ledger_project(
            folder / "project", self.ledger, config={"command": ["sh", "-c", wait], "code": {"mode": code}}))})["name"]

    def body(self):
        return {"project": self.project, "cluster": "local"}

    def submit(self, key):
        job = self.client.ask("POST", "jobs", self.body(), key=key)
        self.accepted.append(job["id"])
        return job["id"]

    def running(self, job_id):
        self.client.wait(job_id, lambda job: job["state"] == "running", "running")

    def ends_well(self):
        """All that was accepted ends with its true code, once; the gateway says it is ready."""
        self.gate.touch()
        for job_id in self.accepted:
            job = self.client.wait(job_id, lambda job: job["state"] in FINAL, "ended")
            assert (job["state"], job["exit_code"]) == ("failed", 5), job
        until(lambda: self.client.once("GET", "/readyz")[0] == 200, "/readyz is well")
        assert_exactly_once(self.gateway, [self.ledger], accepted=self.accepted)


@contextlib.contextmanager
def site_of(folder, env=None, code="snapshot"):
    site = Site(folder, env, code)
    try:
        yield site
    finally:
        site.gateway.close()


def small_disk(place, size):
    place.mkdir(mode=0o700)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(place)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")


def fill(place):
    with contextlib.suppress(OSError), open(place / "filler", "wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_25_a_full_disk_refuses_submissions_and_keeps_polling(folder):
    (folder / "gw").mkdir(mode=0o700)
    disk = folder / "gw" / "state"
    small_disk(disk, "8m")
    try:
        with site_of(folder) as site:
            long = site.submit("long")
            site.running(long)
            fill(disk)
            said = None
            for number in range(200):  # what SQLite had reserved is used up first
                status, said = site.client.once("POST", "jobs", site.body(), key=f"full-{number}")
                if status != 202:
                    break
                site.submit(f"full-{number}")
            assert status == 503 and b'"code":"full"' in said, (status, said)
            assert site.client.once("GET", "/readyz")[0] == 503
            site.gate.touch()
            until(lambda: len(checker.read_ledgers([site.ledger])[1]) == len(site.accepted), "all have ended there")
            assert site.client.ask("GET", f"jobs/{long}")["state"] in ("running", "failed")  # it answers still
            (disk / "filler").unlink()
            site.submit(f"full-{number}")  # the same key, refused before: one job now
            site.ends_well()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_25_a_write_that_failed_is_tried_again_where_nobody_asks(folder):
    control = Control(folder / "faults")
    with site_of(folder, control.environment()) as site:
        control.arm("write", 3, ONCE)  # in the commit: the store's log; no job is there whose polls would write
        path = make_ledger_project(folder / "second", site.ledger)
        status, said = site.client.once("POST", "projects", {"path": str(path)})
        assert status == 500 and b"could not be stored" in said, (status, said)
        until(lambda: site.client.once("GET", "/readyz")[0] == 200, "/readyz is well")
        site.client.ask("POST", "projects", {"path": str(path)})


@pytest.mark.parametrize("kind", ["own", "lib"])
def test_26_a_gateway_without_memory_ends_and_says_so(folder, kind):
    control = Control(folder / "faults")
    with site_of(folder, control.environment()) as site:
        jobs = [site.submit(f"job-{number}") for number in range(3)]
        site.running(jobs[-1])
        control.arm(kind, 50, FOREVER)
        end = time.monotonic() + 60
        while site.gateway.is_running and time.monotonic() < end:
            with contextlib.suppress(*LOST_TOUCH):
                site.client.once("POST", "jobs", site.body(), key="during", timeout=10)
        assert not site.gateway.is_running and OUT_OF_MEMORY in site.gateway.log_text()
        control.disarm()
        site.gateway.start(timeout=60)
        site.submit("during")
        site.ends_well()


def test_26_the_kernel_takes_the_gateway_for_its_memory(folder):
    """As the OOM killer does: SIGKILL, at any moment, here in the midst of submissions."""
    with site_of(folder) as site:
        for number in range(4):
            site.submit(f"first-{number}")
            with contextlib.suppress(*LOST_TOUCH), socket.create_connection(("127.0.0.1", site.gateway.port)) as raw:
                raw.sendall(b"POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
                site.gateway.kill9()
            site.gateway.start(timeout=60)
        site.ends_well()


def test_27_a_failed_fsync_ends_the_gateway_before_it_promises(folder):
    control = Control(folder / "faults")
    with site_of(folder, control.environment(), code="in_place") as site:  # the store's fsync alone
        long = site.submit("long")
        site.running(long)
        control.arm("sync", 0, FOREVER)
        with pytest.raises(LOST_TOUCH):  # no answer: nothing was promised
            site.client.once("POST", "jobs", site.body(), key="during")
        assert site.gateway.process.wait(30) == 1 and FRESH in site.gateway.log_text()
        site.gate.touch()
        until(lambda: checker.read_ledgers([site.ledger])[1], "the job has ended there")
        control.disarm()
        site.gateway.start(timeout=60)
        site.submit("during")
        site.ends_well()


def test_28_used_up_descriptors_pass(folder):
    control = Control(folder / "faults")  # only counts
    with site_of(folder, control.environment()) as site:
        control.arm("socket", 0, COUNT)
        long = site.submit("long")
        site.running(long)
        before = resource.prlimit(site.gateway.pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir(f"/proc/{site.gateway.pid}/fd"))
        resource.prlimit(site.gateway.pid, resource.RLIMIT_NOFILE, (used + 2, before[1]))
        idle = [socket.create_connection(("127.0.0.1", site.gateway.port)) for _ in range(20)]
        calls = control.seen["socket"]
        until(lambda: control.seen["socket"] > calls + 5, "it tries to take them in")
        site.gate.touch()
        until(lambda: checker.read_ledgers([site.ledger])[1], "the job has ended there")
        assert site.gateway.is_running
        with pytest.raises(TimeoutError):
            ask_and_wait(site, 2)
        resource.prlimit(site.gateway.pid, resource.RLIMIT_NOFILE, before)
        site.submit("after")  # while the idle ones are still there
        for connection in idle:
            connection.close()
        site.ends_well()


def ask_and_wait(site, seconds):
    with socket.create_connection(("127.0.0.1", site.gateway.port), timeout=seconds) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return raw.recv(100)
