"""Runs a scenario again and again, each time with another call failing, and holds the gateway to its promises.

A point is SCENARIO:KIND:MODE:N: the N-th call of that kind since the scenario began fails, once or with all after it;
SCENARIO:KIND:MODE:@STACK: the first that comes by this way (all return addresses), of which there are far fewer.
Every point: the client gets an answer to each request (a lost callback shows as a request without end), the gateway
lives or ends as it may (docs/decisions/torture.md), is itself again without help, keeps no descriptor, and what the
scenario was about has happened once. After the last point: the store is whole, the witnesses agree, nothing leaked.
"""
import contextlib
import http.client
import json
import os
import random
import signal
import sqlite3
import threading
import time

from faults import COUNT, FOREVER, KINDS, ONCE, Control
from support.gateway import ROOT, Gateway, GatewayFailed, binary, until
from support.witness import problems_of

LOST_TOUCH = (http.client.HTTPException, OSError)
# How a gateway may end itself: what it must have said, and whose call must have failed.
OUT_OF_MEMORY, FRESH = "sluice: out of memory", "ending, so that a fresh start reads"
PATIENCE_S = int(os.environ.get("PATIENCE") or 90)
MAX_FAILURES = 6
EACH_WAY = "ways"  # a budget: the first call by each way fails
LOG = ROOT / "build" / "log" / "torture"


class Failed(Exception):
    """A promise that was not kept, with the point that shows it."""


def points_of(scenario, kind, seen, budget, seed):
    """[(mode, n)]: all of them (budget None), or so many drawn evenly over those there are."""
    modes = [ONCE, FOREVER]
    if budget is None:
        return [(mode, n) for mode in modes for n in range(seen)]
    dice = random.Random(f"{seed}{scenario}{kind}")
    wanted = min(budget, seen)
    strata = [(place * seen // wanted, (place + 1) * seen // wanted) for place in range(wanted)]
    drawn = [dice.randrange(low, high) for low, high in strata]
    return [(dice.choice([ONCE, ONCE, FOREVER]), n) for n in drawn]


class Client:
    """As a patient person: asks again when the connection breaks or the gateway is away; but each request that was
    taken must be answered, and within PATIENCE_S."""

    def __init__(self, port):
        self.port, self.gave_up = port, threading.Event()

    def once(self, method, path, body=None, key=None, timeout=PATIENCE_S):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"Connection": "close"}
        if body is not None:
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        if key:
            headers["Idempotency-Key"] = key
        try:
            connection.request(method, path if path.startswith("/") else "/api/v1/" + path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except TimeoutError as error:
            raise Failed(f"{method} {path}: no answer within {timeout} s") from error
        finally:
            connection.close()

    def ask(self, method, path, body=None, key=None, good=(200, 201, 202)):
        """Until it is well: (its JSON or text). Faults may give 5xx, never another refusal."""
        end, said = time.monotonic() + PATIENCE_S, None
        while time.monotonic() < end and not self.gave_up.is_set():
            with contextlib.suppress(*LOST_TOUCH):
                said = self.once(method, path, body, key)
                if said[0] in good:
                    with contextlib.suppress(ValueError):
                        return json.loads(said[1])
                    return said[1].decode(errors="replace")
                if said[0] < 500:
                    break
            time.sleep(0.05)
        raise Failed(f"{method} {path}: {said}")

    def wait(self, job_id, is_so, what):
        end, job = time.monotonic() + PATIENCE_S, None
        while time.monotonic() < end and not self.gave_up.is_set():
            job = self.ask("GET", f"jobs/{job_id}")
            if is_so(job):
                return job
            time.sleep(0.05)
        raise Failed(f"job {job_id} is not {what}: {json.dumps(job)}")


class Torture:
    """One scenario on one state directory. A scenario gives: name, clusters(folder), config(), prepare(t), act(t);
    at_start: act is the gateway's own start; kinds; ledgers."""

    def __init__(self, scenario, folder, seed):
        self.scenario, self.folder, self.seed = scenario, folder, seed
        self.control = Control(folder / "faults", scenario.role)
        place = folder / "gw"
        place.mkdir(mode=0o700)
        self.gateway = Gateway(place, clusters=scenario.clusters(folder), config=scenario.config(),
                               env=self.control.environment())
        self.client = Client(self.gateway.port)
        self.accepted, self.ledgers, self.failures, self.fds = [], [], [], 0
        self.point, self.number, self.unmet, self.actor = "start", 0, 0, None

    # A life of the gateway.

    def start(self):
        self.gateway.start(timeout=60)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.gateway.pid}/fd"))

    def check_death(self):
        """It ended itself: only as it may, and it said why."""
        code, said = self.gateway.process.returncode, self.gateway.log_text()[self.gateway.log_offset:]
        where = self.control.where(binary())
        inner = [line.split(":")[0] for line in where]
        by_libuv = any(name.startswith("libuv") for name in inner[:8])
        # glibc, asked for a user's name, does not look what it got: its own assertion, or a crash in the same place
        by_nss = code in (-signal.SIGABRT, 1) and "nss_database" in said and any("__nss_" in name for name in where)
        legal = (code == -signal.SIGABRT and (OUT_OF_MEMORY in said or by_libuv)) or (code == 1 and FRESH in said) \
            or (code in (1, 2) and self.scenario.at_start and said.strip() and "AddressSanitizer" not in said) \
            or (self.scenario.at_start and by_nss)
        if not legal:
            raise Failed(f"it ended with {code}:\n{said[-6000:]}")
        if by_nss:
            self.gateway.excuse_last_life()

    # One point.

    def run_point(self, kind, mode, nth):
        self.point = f"{self.scenario.name}:{kind}:{mode}:{nth}"
        self.number += 1
        if self.scenario.at_start:
            self.gateway.stop()
        self.scenario.before(self)
        failed = []

        def actor():
            try:
                self.scenario.act(self)
            except Exception as error:  # pylint: disable=broad-except # told by the main thread
                failed.append(error)

        self.control.arm(kind, nth, mode)
        if self.scenario.at_start:
            self.gateway.start(wait=False)
        self.actor = threading.Thread(target=actor, daemon=True)
        self.actor.start()
        self._watch(self.actor, mode)
        self.control.disarm()
        if failed:
            raise failed[0]
        self._is_itself_again(mode)
        return self.control.hits

    def _watch(self, thread, mode):
        """Keeps the gateway alive while the client works; a lasting fault ends some moments after it struck."""
        end, struck = time.monotonic() + 2 * PATIENCE_S, None
        while thread.is_alive():
            if not self.gateway.is_running:
                self.control.disarm()
                self.check_death()
                self.start()
            if mode == FOREVER and self.control.hits and struck is None:
                struck = time.monotonic()
            if struck and time.monotonic() - struck > self.scenario.lasts_s:
                self.control.disarm()
            if time.monotonic() > end:
                raise Failed("no end")
            thread.join(0.02)

    def _is_ready(self):
        if not self.gateway.is_running:
            self.check_death()
            self.start()
        with contextlib.suppress(*LOST_TOUCH):
            return self.client.once("GET", "/readyz")[0] == 200
        return False

    def _is_itself_again(self, mode):
        until(self._is_ready, "/readyz is well again", 60)
        if mode == COUNT:  # what it keeps open when all is well
            time.sleep(0.3)
            self.fds = max(self.fds, self.descriptors())
        try:
            until(lambda: self.descriptors() <= self.fds, "descriptors", 25)  # a stream that cannot be watched: its heartbeat
        except GatewayFailed:
            names = [os.readlink(f"/proc/{self.gateway.pid}/fd/{fd}")
                     for fd in os.listdir(f"/proc/{self.gateway.pid}/fd")]
            raise Failed(f"{len(names)} descriptors, before {self.fds}: {sorted(names)}") from None

    # All of them.

    def run(self, budget=None, only=()):
        """Every point, or those drawn, or the one asked for ([kind, mode, n]), or a kind's ([kind]). What failed, [] if
        nothing did."""
        try:
            if not self.scenario.at_start:
                self.start()
            self.scenario.prepare(self)
            self.run_point("own", COUNT, 0)
            self.run_point("own", COUNT, 0)  # the first one also filled caches
            if len(only) == 3:
                self.run_point(*only)
            else:
                self._run_all(budget, only)
            self.finish()
        except Exception as error:  # pylint: disable=broad-except
            self.control.disarm()
            if len(self.failures) < MAX_FAILURES:
                self.keep(error)
        return self.failures

    def _run_all(self, budget, kinds):
        seen, sites = self.control.seen, self.control.sites
        for kind in kinds or self.scenario.kinds:
            points = [(ONCE, site) for site in sites.get(kind, [])] if budget == EACH_WAY \
                else points_of(self.scenario.name, kind, seen[kind], budget, self.seed)
            for mode, nth in points:
                self._try_point(kind, mode, nth)

    def _try_point(self, kind, mode, nth):
        """A failure is kept, and the others still run: on a fresh life of the gateway."""
        try:
            self.unmet += not self.run_point(kind, mode, nth)
        except Exception as error:  # pylint: disable=broad-except
            self.keep(error)
            self.control.disarm()
            self.give_up()
            if len(self.failures) >= MAX_FAILURES:
                raise
            self.start()

    def give_up(self):
        """The client of a failed point must not go on into the next."""
        self.client.gave_up.set()
        self.gateway.kill9()
        if self.actor:
            self.actor.join(30)
        self.client = Client(self.gateway.port)

    def keep(self, error):
        """For the end, and at once in a file: a run over all points takes hours."""
        self.failures.append(self.told(error))
        LOG.mkdir(parents=True, exist_ok=True)
        with open(LOG / f"{self.scenario.name}.failed", "a", encoding="utf-8") as file:
            file.write(self.failures[-1] + "\n")

    def told(self, error):
        """What was not kept, with how to see it again and whose call had failed."""
        return (f"{self.point}: {type(error).__name__}: {error}\n  make torture ONLY={self.point}\nthe call that failed:\n  "
                + "\n  ".join(self.control.where(binary())) + f"\n{self.gateway.log_tail(25)}\n")

    def finish(self):
        """The store is whole, the witnesses agree, and the last life ends well: no leak (LSan speaks at the end)."""
        self.scenario.finish(self)
        problems = problems_of(self.gateway, self.ledgers, None, self.accepted)
        if problems:
            raise Failed("\n".join(problems))
        self.gateway.close()
        self.check_store()

    def check_store(self):
        base = sqlite3.connect(f"file:{self.gateway.state_dir / 'sluice.db'}?mode=ro", uri=True)
        try:
            found = base.execute("PRAGMA integrity_check").fetchall()
            if found != [("ok",)]:
                raise Failed(f"integrity_check: {found}")
            wrong = base.execute("PRAGMA foreign_key_check").fetchall()
            ids = [row[0] for row in base.execute("SELECT id FROM event ORDER BY id")]
            if wrong or ids != list(range(1, len(ids) + 1)):
                raise Failed(f"foreign keys {wrong}; events {ids}")
            counts = base.execute("SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM job_index), "
                                  "(SELECT count(*) FROM job_doc), (SELECT ifnull(sum(n), 0) FROM job_count)").fetchone()
            if len(set(counts)) != 1:
                raise Failed(f"jobs, index, documents, counts: {counts}")
        finally:
            base.close()


ALL_KINDS = tuple(KINDS)
