"""What is done while calls fail. Each names the ways into the gateway that it walks."""
import collections
import contextlib
import http.client
import json
import os
import socket
import sqlite3
import threading
import time

from runner import ALL_KINDS, LOST_TOUCH, Failed
from support.bed import Bed
from support.gateway import ROOT, to_yaml
from support.project import make_ledger_project
from support.receiver import Receiver, put_secret

FINAL = {"completed", "failed", "cancelled", "submit_failed", "lost"}


class Scenario:
    """The bare one: this machine as the cluster `local`, a project whose payload keeps a ledger."""

    name, role, at_start, kinds, lasts_s = "", "serve", False, ALL_KINDS, 0.6
    keys, cluster = 0, "local"

    def clusters(self, folder):
        return [{"name": "local", "type": "local", "workspace": str(folder / "work"), "local": {"cpu_slots": 16},
                 "poll": {"active": 1, "pending": 1, "log": 1, "max_commands_per_minute": 6000}}]

    def config(self):
        return {"t_settle": "1s"}

    def prepare(self, t):
        ledger = str(t.folder / "ledger")
        t.ledgers.append(ledger)
        self.project = self.register(t, make_ledger_project(t.folder / "project", ledger))

    def register(self, t, path):
        return t.client.ask("POST", "projects", {"path": str(path)})["name"]

    def before(self, t):
        """Ahead of each point, while no call fails; of a scenario that is a start: while the gateway is down."""

    def finish(self, t):
        """What must be so after the last point."""

    def release(self):
        """Whatever happened: what it had besides the gateway."""

    # Steps.

    def submit(self, t, **body):
        """Under a key of this point's own: however often it must be asked, it is one job."""
        body = {"project": self.project, "cluster": self.cluster, **body}
        self.keys += 1
        key = f"{t.point}-{self.keys}"
        job = t.client.ask("POST", "jobs", body, key=key)
        t.accepted.append(job["id"])
        if t.client.ask("POST", "jobs", body, key=key)["id"] != job["id"]:
            raise Failed(f"a second job for the key of job {job['id']}")
        return job

    def ends(self, t, job, state):
        job = t.client.wait(job["id"], lambda job: job["state"] in FINAL, "ended")
        if job["state"] != state:
            raise Failed(f"ended {job['state']}: {json.dumps(job)}")
        return job

    def completes(self, t, job):
        return self.ends(t, job, "completed")

    def runs(self, t, job):
        t.client.wait(job["id"], lambda job: job["state"] not in ("submitting", "pending"), "running")

    def cancels(self, t, job):
        t.client.ask("POST", f"jobs/{job['id']}/cancel", {}, good=(200, 202, 409))
        self.ends(t, job, "cancelled")


class Submit(Scenario):
    """POST, snapshot, intent, frame, supervisor, end."""
    name = "submit"

    def act(self, t):
        self.completes(t, self.submit(t))


class Snapshot(Scenario):
    """A tree that is new each time: many files, one of them large; hashed, packed, staged."""
    name = "snapshot"

    def prepare(self, t):
        super().prepare(t)
        self.path = t.folder / "project"
        (self.path / "data").mkdir()
        for number in range(20):
            (self.path / "data" / f"{number}.txt").write_text(f"{number}\n" * 100, encoding="utf-8")

    def act(self, t):
        (self.path / "data" / "large.bin").write_bytes(os.urandom(300_000))
        self.completes(t, self.submit(t))


class Render(Scenario):
    name = "render"

    def act(self, t):
        body = {"project": self.project, "cluster": "local", "args": ["x" * 2000, "$(id)"]}
        if "$(id)" not in t.client.ask("POST", "jobs:render", body)["script"]:
            raise Failed("the script lacks its argument")
        t.client.ask("POST", "jobs?dry_run=1", body)


class Poll(Scenario):
    """Ticks over a job that goes on."""
    name = "poll"

    def prepare(self, t):
        super().prepare(t)
        self.gate = t.folder / "go"
        wait = f"while [ ! -e {self.gate} ]; do echo tick; sleep 0.2; done; exec sh payload.sh {t.folder}/ledger 0 0"
        self.project = self.register(t, make_ledger_project(t.folder / "waiting", t.ledgers[0],
                                                            config={"command": ["sh", "-c", wait]}))
        self.job = self.submit(t)
        t.client.wait(self.job["id"], lambda job: job["state"] == "running", "running")

    def act(self, t):
        """Two ticks: they bring the log, which grows."""
        def size():
            return t.client.ask("GET", f"jobs/{self.job['id']}/log?offset=0").count("tick")

        before = size()
        end = time.monotonic() + 60
        while size() < before + 6:
            if time.monotonic() > end:
                raise Failed("no tick brings what the log holds")
            time.sleep(0.2)

    def finish(self, t):
        self.gate.touch()
        self.completes(t, self.job)


class Logs(Scenario):
    """By bytes, by lines, the search, and metrics of a job that has ended."""
    name = "logs"

    def prepare(self, t):
        super().prepare(t)
        text = "for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; echo '{\"step\": '$i', \"loss\": 0.'$i'}' >>metrics.jsonl; done; "
        self.project = self.register(t, make_ledger_project(
            t.folder / "talking", t.ledgers[0],
            config={"command": ["sh", "-c", text + f"exec sh payload.sh {t.folder}/ledger 0 0"]}))
        self.job = self.completes(t, self.submit(t))

    def act(self, t):
        log = f"jobs/{self.job['id']}/log"
        if "line 10\n" not in t.client.ask("GET", f"{log}?offset=-4096"):
            raise Failed("the log's end")
        if t.client.ask("GET", f"{log}?line=3&lines=1") != "line 3\n":
            raise Failed("line 3")
        if t.client.ask("GET", f"{log}/search?q=line")["total"] != 10:
            raise Failed("the search's count")
        t.client.ask("GET", f"jobs/{self.job['id']}/metrics")


class Follow(Scenario):
    """A client that follows a log from the start, and asks for the rest where the stream breaks."""
    name = "follow"

    def prepare(self, t):
        super().prepare(t)
        text = "for i in 1 2 3 4 5 6; do echo line $i; sleep 0.05; done; "
        self.project = self.register(t, make_ledger_project(
            t.folder / "talking", t.ledgers[0],
            config={"command": ["sh", "-c", text + f"exec sh payload.sh {t.folder}/ledger 0 0"]}))

    def act(self, t):
        job, seen, end = self.submit(t), b"", time.monotonic() + 60
        wanted = b"".join(b"line %d\n" % number for number in range(1, 7))
        while wanted not in seen and time.monotonic() < end:
            with contextlib.suppress(*LOST_TOUCH):
                status, more = t.client.once("GET", f"jobs/{job['id']}/log?follow=1&offset={len(seen)}")
                seen += more if status == 200 else b""
            time.sleep(0.05)
        if wanted not in seen:
            raise Failed(f"the log was {seen!r}")
        self.completes(t, job)


class Cancel(Scenario):
    name = "cancel"

    def prepare(self, t):
        super().prepare(t)
        self.project = self.register(t, make_ledger_project(t.folder / "long", t.ledgers[0], seconds=600))

    def act(self, t):
        job = self.submit(t)
        self.runs(t, job)
        self.cancels(t, job)


class Supervise(Scenario):
    """The calls of the supervisor fail, not the gateway's: of a job that ends, and of one that is cancelled. A supervisor
    that cannot start has run nothing, and is started again; one that cannot write the end tries on."""
    name, role, lasts_s = "supervise", "supervise", 2

    def prepare(self, t):
        super().prepare(t)
        self.long = self.register(t, make_ledger_project(t.folder / "long", t.ledgers[0], seconds=600))

    def act(self, t):
        long = self.submit(t, project=self.long)
        self.completes(t, self.submit(t))
        self.runs(t, long)
        self.cancels(t, long)


class Reload(Scenario):
    """SIGHUP with a changed file, and back."""
    name = "reload"

    def act(self, t):
        clusters = self.clusters(t.folder)
        for has_second in (True, False):
            second = [{"name": "second", "type": "local", "workspace": str(t.folder / "work2")}] * has_second
            t.gateway.write_clusters(clusters + second)
            end = time.monotonic() + 60
            while ("second" in json.dumps(t.client.ask("GET", "clusters"))) != has_second:
                if time.monotonic() > end:
                    raise Failed("the file is not in force")
                if t.gateway.is_running:
                    t.gateway.reload()
                time.sleep(0.2)


class Events(Scenario):
    """A client of the event stream that resumes where it was cut: each event of its job comes once, in order."""
    name, socket = "events", None

    def act(self, t):
        before = t.client.ask("GET", "jobs?limit=1")["event"]
        job = self.submit(t)
        seen, self.wanted, end = [], None, time.monotonic() + 60
        listener = threading.Thread(target=self.listen_on, args=(t, seen, before, job["id"], t.client.gave_up))
        listener.start()
        self.completes(t, job)
        time.sleep(0.1)
        self.wanted = [event["id"] for event in t.client.ask("GET", f"jobs/{job['id']}/events?limit=200")["items"]]
        while seen != self.wanted and time.monotonic() < end:
            time.sleep(0.05)
        with contextlib.suppress(OSError, AttributeError):  # it waits for more, which does not come
            self.socket.shutdown(socket.SHUT_RDWR)
        listener.join(30)
        if seen != self.wanted:
            raise Failed(f"the stream gave {seen} of {self.wanted}")

    def listen_on(self, t, seen, before, job_id, gave_up):
        end = time.monotonic() + 60
        while time.monotonic() < end and not gave_up.is_set() and seen != self.wanted:
            with contextlib.suppress(*LOST_TOUCH):
                self.listen(t, seen, seen[-1] if seen else before, job_id)
            time.sleep(0.05)

    def listen(self, t, seen, after, job_id):
        connection = http.client.HTTPConnection("127.0.0.1", t.gateway.port, timeout=20)
        try:
            connection.connect()
            self.socket = connection.sock
            connection.request("GET", f"/api/v1/events?stream=1&topics=job:{job_id}&after={after}")
            reply = connection.getresponse()
            while reply.status == 200 and seen != self.wanted and (line := reply.readline()):
                if line.startswith(b"id:"):
                    seen.append(int(line[3:]))
        finally:
            connection.close()


class Restart(Scenario):
    """A start over jobs that are under way: they go on and end."""
    name, at_start = "restart", True

    def prepare(self, t):
        t.start()
        super().prepare(t)
        self.short = self.project
        self.project = self.register(t, make_ledger_project(t.folder / "some", t.ledgers[0], seconds=1))

    def before(self, t):
        t.gateway.start()
        self.jobs = [self.submit(t)]
        t.client.wait(self.jobs[0]["id"], lambda job: job["state"] == "running", "running")
        self.jobs.append(self.submit(t, name="second"))
        t.gateway.kill9()

    def act(self, t):
        for job in self.jobs:
            self.completes(t, job)


class Migration(Restart):
    """A start over a store of the first version: copied, brought up step by step."""
    name = "migration"
    FIRST = {"job", "job_index", "job_doc", "job_script", "job_tag", "job_count", "event", "project", "idempotency",
             "value"}

    def prepare(self, t):
        Restart.prepare(self, t)
        self.jobs = [self.completes(t, self.submit(t))]

    def before(self, t):
        base = sqlite3.connect(t.gateway.state_dir / "sluice.db")
        rows = base.execute("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'trigger') AND "
                            "name NOT LIKE 'sqlite%' ORDER BY type DESC, rowid DESC").fetchall()
        for kind, name in rows:
            if kind == "trigger" and not name.startswith("job_count_") or kind == "table" and name not in self.FIRST:
                base.execute(f"DROP {kind} {name}")
        base.execute("PRAGMA user_version = 1")
        base.commit()
        base.close()
        for old in t.gateway.state_dir.glob("*.backup-*"):
            old.unlink()


class Notify(Scenario):
    """Each start and end is told to a webhook; again, under its delivery's id, where that failed. An end is told 10 s
    later (its verdict may come yet): the ends of all points are waited for together."""
    name = "notify"

    def __init__(self):
        self.receiver = Receiver()

    def clusters(self, folder):
        state = folder / "gw" / "state"
        put_secret(state, "ci-url", f"http://127.0.0.1:{self.receiver.port}/hook".encode())
        put_secret(state, "ci-key", b"key")
        return to_yaml({"version": 1, "clusters": super().clusters(folder),
                        "notifiers": {"ci": {"type": "webhook", "url_secret": "ci-url", "sign_secret": "ci-key"}}})

    def config(self):
        return {**super().config(), "webhooks": {"allow": [f"127.0.0.1:{self.receiver.port}"]}}

    def prepare(self, t):
        super().prepare(t)
        config = {"notify": {"to": ["ci"], "when": ["started", "finished"]}}
        self.project = self.register(t, make_ledger_project(t.folder / "telling", t.ledgers[0], config=config))

    def told(self):
        """{(job, event): its delivery ids}"""
        found = collections.defaultdict(set)
        for message in self.receiver.messages:
            headers = message["headers"]
            found[json.loads(message["body"])["job"]["id"], headers["X-Sluice-Event"]].add(headers["X-Sluice-Delivery"])
        return found

    def wait_told(self, jobs, event=None):
        end = time.monotonic() + 90
        while missing := set(jobs) - {job for job, told in self.told() if event in (None, told)}:
            if time.monotonic() > end:
                raise Failed(f"nobody was told of {missing}: {event or 'start or end'}")
            time.sleep(0.1)

    def act(self, t):
        job = self.completes(t, self.submit(t))
        self.wait_told([job["id"]])

    def finish(self, t):
        self.wait_told(t.accepted, "job.finished")
        twice = {what: ids for what, ids in self.told().items() if len(ids) != 1}
        if twice:
            raise Failed(f"several deliveries of one event: {twice}")

    def release(self):
        self.receiver.close()


class Slurm(Scenario):
    """A job on a real Slurm behind a real sshd: login, frame, sbatch, ticks, accounting."""
    name, cluster, backend = "slurm", "alder", "libssh2"

    def clusters(self, folder):
        self.bed = Bed.up(template=str(ROOT / "build" / "bed-template"))
        return [self.bed.cluster(ssh={"backend": self.backend})]

    def prepare(self, t):
        ledger = f"{self.bed.user()['home']}/ledger-torture"
        t.ledgers.append(ledger)
        self.project = self.register(t, make_ledger_project(t.folder / "project", ledger))

    def before(self, t):
        """A person connects. Points cut a connection every few seconds, and who loses it that often waits longer each
        time, up to 5 minutes (exec/ssh_policy.h): no point inherits that from those before it."""
        t.client.ask("POST", f"clusters/{self.cluster}/connect", {})

    def act(self, t):
        self.completes(t, self.submit(t))

    def release(self):
        self.bed.down()


class Openssh(Slurm):
    """The same by the system's ssh: a process as the master, its control socket, descriptors passed along. Its own calls,
    not those of what stands on top of any transport; its sockets are read and written."""
    name, backend = "openssh", "openssh"
    kinds = ("read", "write", "spawn", "socket")


# The longest first: they are run side by side.
SCENARIOS = {scenario.name: scenario for scenario in [Slurm, Openssh, Submit, Snapshot, Render, Poll, Logs, Follow, Cancel,
                                                      Supervise, Reload, Events, Restart, Migration, Notify]}
