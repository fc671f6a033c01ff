"""Randomised rounds of submission under fire. Each has a gateway, a link and a ledger of its own, many share a bed.

What a round does follows from its seed alone, so that a failure comes back with `make drill SEED=...`.
"""
import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import tempfile
import threading
import time
import urllib.error

from .bed import SbatchFaults
from .gateway import FINAL, Gateway
from .project import make_ledger_project
from .proxy import DOWN, UP, Proxy
from .witness import problems_of

STEP = 64                       # cuts fall on every 64th byte
EXCHANGE = {UP: 24_000, DOWN: 6_000}  # a little more than what a submission takes
ALL_CUTS = 3 * (EXCHANGE[UP] // STEP + EXCHANGE[DOWN] // STEP)
POINTS = ["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10", "K11", "K15", "K15:2", "K20:2", "K20:4"]
SBATCH = ["hang", "kill", "garbage", "fail", "late", "refuse", "before"]
CONFIG = {"t_settle": "12s"}
LOST_TOUCH = (urllib.error.URLError, http.client.HTTPException, OSError)


def every_cut(number):
    """Instead of dice: the number-th of all cuts, both ways, FIN, RST and hang (CUTS=1; there are ALL_CUTS)."""
    place, how = divmod(number, 3)
    ups = EXCHANGE[UP] // STEP
    way, after = (UP, place * STEP) if place < ups else (DOWN, (place - ups) * STEP)
    return {"seed": number, "kind": "plain", "seconds": 0,
            "cut": {"way": way, "after": after, "how": ("fin", "rst", "hang")[how], "hang_s": 4}}


def plan_of(seed):
    """{cut, sbatch, crash, kill, kind, code}: what befalls the round of this seed, and what its job does."""
    if os.environ.get("CUTS"):
        return every_cut(seed)
    dice = random.Random(seed)
    plan = {"seed": seed, "kind": dice.choice(["plain", "plain", "fails", "array", "cancelled"]),
            "seconds": dice.choice([0, 1, 2])}
    faults = dice.choice([["cut"], ["cut"], ["cut"], ["sbatch"], ["crash"], ["crash"], ["cut", "crash"],
                          ["sbatch", "crash"], ["cut", "sbatch"], ["kill"], ["slow", "kill"]])
    if "cut" in faults:
        way = dice.choice([UP, UP, DOWN])
        plan["cut"] = {"way": way, "after": STEP * dice.randrange(EXCHANGE[way] // STEP),
                       "how": dice.choice(["fin", "rst", "hang"]), "hang_s": dice.choice([1, 4, 8])}
    if "sbatch" in faults:
        plan["sbatch"] = dice.choice(SBATCH)
    if "crash" in faults:
        plan["crash"] = dice.choice(POINTS)
    if "kill" in faults:
        plan["kill_s"] = round(dice.uniform(0, 6), 2)
    if "slow" in faults:
        plan["delay_s"] = dice.choice([0.005, 0.02])
    return plan


class Round:
    """One round; run() gives its problems, [] if there is none."""

    def __init__(self, bed, seed):
        self.bed = bed
        self.plan = plan_of(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-r-", dir="/tmp"))
        self.key = f"round-{seed}"
        self.stopped = threading.Event()
        self.keeping = threading.Lock()
        self.met = set()  # the faults that really struck

    def run(self):
        try:
            return self._run()
        except Exception as error:  # pylint: disable=broad-except # a problem of this round; the others go on
            return [f"{type(error).__name__}: {error}"]

    def _run(self):
        proxy = Proxy(self.bed.env["ssh_port"])
        self._prepare(proxy)
        keeper = threading.Thread(target=self._keep)
        try:
            self.gateway.start()
            keeper.start()
            name = self._ask("POST", "/projects", {"path": str(self.path)}).json["name"]
            self._ask("GET", "/clusters/alder/partitions")  # a warm link: the cut falls into the submission
            self._break(proxy)
            body = {"project": name, "cluster": "alder"}
            if self.plan["kind"] == "array":
                body["slurm"] = {"array": "0-2"}
            answer = self._ask("POST", "/jobs", body, {"Idempotency-Key": self.key}, good=(202,))
            self._follow(answer.json["id"])
            if "cut" in self.plan and proxy.has_cut:
                self.met.add("cut")
            if "sbatch" in self.plan and self.faults.met():
                self.met.add("sbatch")
            return self._judge(answer.json["id"])
        finally:
            with self.keeping:  # a kill that has begun is over before the gateway is closed
                self.stopped.set()
            if keeper.ident:
                keeper.join()
            proxy.close()
            self.gateway.close()

    def _prepare(self, proxy):
        number = f"{os.getpid()}-{self.plan['seed']}"
        self.ledger = f"{self.bed.user()['home']}/ledger-round-{number}"
        seconds = 300 if self.plan["kind"] == "cancelled" else self.plan["seconds"]
        self.code = 7 if self.plan["kind"] == "fails" else 0
        self.path = make_ledger_project(self.folder / f"p{self.plan['seed']}", self.ledger, seconds, self.code)
        known_hosts = self.bed.known_hosts_for(proxy.port, self.folder / "known_hosts")
        entry = {"ssh": {"known_hosts": known_hosts, "command_timeout": 15}}
        if "sbatch" in self.plan:
            self.faults = SbatchFaults(self.bed)
            self.faults.set(self.plan["sbatch"])
            entry["slurm"] = {"bin_dir": str(self.faults.folder)}
        place = self.folder / "gw"
        place.mkdir(mode=0o700)
        env = {"CRASH_AT": self.plan["crash"]} if "crash" in self.plan else {}
        self.gateway = Gateway(place, clusters=[self.bed.cluster(port=proxy.port, **entry)], config=CONFIG, env=env)

    def _break(self, proxy):
        cut = self.plan.get("cut")
        proxy.delay_s = self.plan.get("delay_s", 0)
        if "kill_s" in self.plan:
            threading.Timer(self.plan["kill_s"], self._kill).start()
        if not cut:
            return
        proxy.cut_after(cut["after"], cut["way"], rst=cut["how"] == "rst", hang=cut["how"] == "hang")
        if cut["how"] == "hang":
            threading.Thread(target=self._let_go, args=(proxy, cut), daemon=True).start()

    def _let_go(self, proxy, cut):
        """Once the link stands still: after a while it goes on, or is gone."""
        while not self.stopped.wait(0.2) and not proxy.stands_still:
            pass
        self.stopped.wait(cut["hang_s"])
        (proxy.release if self.plan["seed"] % 2 else proxy.cut)()

    def _kill(self):
        with self.keeping:
            if not self.stopped.is_set():
                self.gateway.kill9()

    def _keep(self):
        """A gateway that died is started again, as systemd would."""
        while not self.stopped.wait(0.1):
            with self.keeping:
                if not self.stopped.is_set() and not self.gateway.is_running:
                    self.met.add("kill" if "kill_s" in self.plan else "crash")
                    self.gateway.restart()

    def _ask(self, method, path, body=None, headers=None, good=(200, 201), timeout=240):
        """As a patient client: asks again when the gateway died meanwhile, or its cluster did not answer."""
        end = time.monotonic() + timeout
        while True:
            said = None
            try:
                said = self.gateway.request(method, path, body, headers, timeout=60)
                if said.status in good:
                    return said
            except LOST_TOUCH as error:
                said = error
            if time.monotonic() > end or (hasattr(said, "status") and said.status in (400, 404, 422)):
                raise AssertionError(f"{method} {path}: {said!r}")
            time.sleep(0.2)

    def _follow(self, job_id):
        end = time.monotonic() + 480
        asked = False
        while True:
            job = self._ask("GET", f"/jobs/{job_id}").json
            if job["state"] in FINAL:
                return
            if self.plan["kind"] == "cancelled" and not asked and job["state"] == "running":
                self._ask("POST", f"/jobs/{job_id}/cancel", {}, good=(200, 202))
                asked = True
            assert time.monotonic() < end, f"no end: {json.dumps(job)}"
            time.sleep(0.3)

    def _judge(self, job_id):
        """No kill falls into the checker's own questions. A crash point still may, once: then they are asked again."""
        try:
            with self.keeping:
                return self._problems(job_id)
        except LOST_TOUCH:
            self._ask("GET", f"/jobs/{job_id}")  # until _keep has started it again
            with self.keeping:
                return self._problems(job_id)

    def _problems(self, job_id):
        job = self.gateway.get(f"/jobs/{job_id}").json
        wanted = {"cancelled": ("cancelled",), "fails": ("failed",)}.get(self.plan["kind"], ("completed",))
        found = problems_of(self.gateway, [self.ledger], self.bed, [job_id])
        if job["state"] not in wanted:
            found.append(f"ended {job['state']}, not {wanted[0]}: {json.dumps(job)}")
        return found


def run_rounds(bed, seeds, at_once=8):
    """All rounds, so many at a time; ({seed: problems} of those that had any, with the end of the gateway's log;
    how often which fault struck)."""
    failed, struck = {}, collections.Counter()

    def one(seed):
        a_round = Round(bed, seed)
        problems = a_round.run()
        struck.update(a_round.met)
        if problems:
            failed[seed] = [*problems, json.dumps(a_round.plan), a_round.gateway.log_tail(40)]
        else:
            a_round.gateway.remove()

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, seeds))
    return failed, struck
