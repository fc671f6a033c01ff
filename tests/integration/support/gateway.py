"""A gateway of a test's own: `sluice serve` on a free port, with helpers to ask it, kill it and start it again."""
import collections
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import yaml

from support import schemas

ROOT = pathlib.Path(__file__).resolve().parents[3]
FINAL = {"completed", "failed", "cancelled", "timeout", "out_of_memory", "node_fail", "preempted", "boot_fail",
         "deadline", "submit_failed", "lost"}
OUTSIDE_API = ("/api/", "/healthz", "/readyz", "/metrics", "/docs")
SANITIZER = re.compile(r"ERROR: (?:Address|Leak|Thread)Sanitizer|WARNING: ThreadSanitizer|runtime error:|"
                       r"Direct leak of|Assertion .* failed")


class GatewayFailed(Exception):
    """The gateway did not do what a test needs; holds the end of its log."""


class _PlainDumper(yaml.SafeDumper):
    """Without anchors, which Sluice refuses."""

    def ignore_aliases(self, data):
        return True


def to_yaml(value):
    return yaml.dump(value, Dumper=_PlainDumper, sort_keys=False, default_flow_style=False, allow_unicode=True)


_taken = collections.deque(maxlen=200)  # abstract sockets, one per port of late: as long as it is open no test gets that port


def take_port(port):
    """False: another test, perhaps of another process, holds it, though its server may not listen yet or be dead."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        mark.bind(f"\0sluice-test-port-{port}")
    except OSError:
        mark.close()
        return False
    _taken.append(mark)
    return True


def free_port():
    """Below the range that passing client sockets take theirs from: it is still free when a killed server comes back."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        ceiling = int(file.read().split()[0])
    while True:
        port = random.randrange(10000 if ceiling > 12000 else 1100, ceiling)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if take_port(port):
                return port


def binary(faults=False):
    """$SLUICE_BIN, or build/sluice; crash points exist only in the fault build, which is made when needed."""
    if faults and "SLUICE_FAULT_BIN" not in os.environ:
        target = "build/fault/sluice"
        done = subprocess.run(["make", "-s", "VARIANT=fault", target], cwd=ROOT, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise GatewayFailed(f"make VARIANT=fault {target}: {done.stderr[-2000:]}")
        return str(ROOT / target)
    name = os.environ.get("SLUICE_FAULT_BIN" if faults else "SLUICE_BIN") or str(ROOT / "build" / "sluice")
    if not os.access(name, os.X_OK):
        raise GatewayFailed(f"{name} is not there; run make")
    return name


def clean_environment():
    """The caller's, without what would configure a gateway; the leak checker leaves libssh2's own out."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
    known = pathlib.Path(__file__).with_name("lsan.supp")
    env["LSAN_OPTIONS"] = f"{env.get('LSAN_OPTIONS', '')}:suppressions={known}:print_suppressions=0".lstrip(":")
    return env


def until(is_so, what, timeout=60):
    """What is_so() gives once it is true; an error naming `what` where that does not come."""
    end = time.monotonic() + timeout
    while True:
        found = is_so()
        if found:
            return found
        if time.monotonic() > end:
            raise GatewayFailed(f"{what}: not within {timeout} s")
        time.sleep(0.1)


class Answer:
    """What came back: status, headers, body; .json is parsed on demand."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", errors="replace")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.text[:2000]}>"


class Gateway:
    """One state directory and the daemon on it. restart() keeps directory and port."""

    def __init__(self, folder, clusters=None, config=None, env=None, args=(), prefix=()):
        self.contract = None
        self.dir = pathlib.Path(folder)
        self.state_dir = self.dir / "state"
        self.log_file = self.dir / "gateway.log"
        self.excused = 0
        self.clusters_file = self.dir / "clusters.yaml"
        self.config_file = self.dir / "sluice.yaml"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = dict(env or {})
        self.args = list(args)
        self.prefix = list(prefix)
        self.process = None
        self.write_clusters(clusters)
        self.write_config(config or {})

    # Files.

    def write_clusters(self, clusters):
        """clusters: a list of entries, or the text of the file, or None for the built-in `local` alone."""
        self.has_clusters = clusters is not None
        if clusters is None:
            return
        text = clusters if isinstance(clusters, str) else to_yaml({"version": 1, "clusters": clusters})
        self.clusters_file.write_text(text, encoding="utf-8")

    def write_config(self, config):
        text = config if isinstance(config, str) else to_yaml(config) if config else ""
        self.config_file.write_text(text, encoding="utf-8")

    # The process.

    def argv(self):
        words = [binary(faults=bool({"CRASH_AT", "CLOCK_SHIFT"} & set(self.env))), "serve", "--state-dir", str(self.state_dir),
                 "--listen", f"127.0.0.1:{self.port}"]
        if self.has_clusters:
            words += ["--clusters", str(self.clusters_file)]
        if self.config_file.stat().st_size:
            words += ["--config", str(self.config_file)]
        return words + self.args

    def start(self, env=None, wait=True, timeout=60):
        if env is not None:
            self.env = dict(env)
        self.log_offset = self.log_file.stat().st_size if self.log_file.exists() else 0
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, *self.argv()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.dir, env={**clean_environment(), **self.env},
                                            start_new_session=True)
        if wait:
            self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout=60):
        """Until /readyz says 200; what it said last is in the error."""
        end = time.monotonic() + timeout
        said = "no answer"
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise GatewayFailed(f"the gateway ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                answer = self.get("/readyz", timeout=2)
                if answer.status == 200:
                    return
                said = repr(answer)
            except OSError as error:
                said = str(error)
            time.sleep(0.03)
        raise GatewayFailed(f"not ready after {timeout} s: {said}\n{self.log_tail()}")

    @property
    def pid(self):
        return self.process.pid

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill9(self):
        """As a power cut would end it. Its supervisors live on."""
        if self.is_running:
            self.process.kill()
        return self.process.wait()

    def wait_crash(self, timeout=60):
        """Until CRASH_AT ended it."""
        code = self.process.wait(timeout)
        if code != -signal.SIGKILL:
            raise GatewayFailed(f"ended with {code}, not by the crash point:\n{self.log_tail()}")

    def stop(self, timeout=60):
        """SIGTERM; returns the exit code."""
        if not self.is_running:
            return self.process.returncode if self.process else None
        self.process.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise GatewayFailed(f"no end within {timeout} s of SIGTERM:\n{self.log_tail()}") from None

    def restart(self, env=None, timeout=60):
        """kill -9 if it still runs, then a new start on the same state directory, without CRASH_AT."""
        self.kill9()
        if env is None:
            env = {key: value for key, value in self.env.items() if key != "CRASH_AT"}
        return self.start(env=env, timeout=timeout)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    # Asking.

    def request(self, method, path, body=None, headers=None, timeout=90):
        """One request; any status comes back as an Answer. body: bytes as they are, else JSON."""
        path = path if path.startswith(OUTSIDE_API) else "/api/v1" + path
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as reply:
                answer = Answer(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                answer = Answer(error.code, error.headers, error.read())
        self.hold_against_schema(method, path, answer)
        return answer

    def hold_against_schema(self, method, path, answer):
        """Every answer of every test is what the gateway's own OpenAPI document says of it."""
        self.contract = self.contract or schemas.contract_of(self.url)
        if self.contract:
            self.contract.check(method, path, answer.status, answer.headers.get("Content-Type"), answer.body)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, key=None, **more):
        headers = dict(more.pop("headers", {}))
        if key:
            headers["Idempotency-Key"] = key
        return self.request("POST", path, body if body is not None else {}, headers=headers, **more)

    def patch(self, path, body, **more):
        return self.request("PATCH", path, body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def json(self, path):
        """GET that must succeed."""
        answer = self.get(path)
        assert answer.status == 200, answer
        return answer.json

    # Jobs.

    def register(self, path):
        answer = self.post("/projects", {"path": str(path)})
        assert answer.status in (200, 201), answer
        return answer.json

    def submit(self, key=None, **body):
        """POST /jobs that must be accepted; returns the job."""
        answer = self.post("/jobs", body, key=key)
        assert answer.status == 202, answer
        return answer.json

    def job(self, job_id):
        return self.json(f"/jobs/{job_id}")

    def jobs(self, query=""):
        """All jobs, over all pages."""
        found, cursor = [], None
        while True:
            words = [word for word in (query, "limit=200", f"cursor={cursor}" if cursor else "") if word]
            page = self.json("/jobs?" + "&".join(words))
            found += page["items"]
            cursor = page.get("next")
            if not cursor:
                return found

    def wait_state(self, job_id, states, timeout=60):
        """Until the job is in one of the states; a final state that is none of them fails at once."""
        states = {states} if isinstance(states, str) else set(states)
        end = time.monotonic() + timeout
        while True:
            job = self.job(job_id)
            if job["state"] in states:
                return job
            if job["state"] in FINAL or time.monotonic() > end:
                raise GatewayFailed(f"job {job_id} is {job['state']}, not {'/'.join(sorted(states))}: "
                                    f"{json.dumps(job)[:4000]}\n{self.log_tail()}")
            time.sleep(0.1)

    def wait_final(self, job_id, timeout=90):
        return self.wait_state(job_id, FINAL, timeout)

    def counter(self, name, cluster):
        """Of /metrics, in this life of the gateway."""
        found = re.search(rf'^sluice_cluster_{name}_total{{cluster="{cluster}"}} (\d+)$', self.get("/metrics").text, re.M)
        return int(found[1])

    def polls(self, cluster):
        """How often it has seen how the cluster's jobs stand."""
        return self.counter("polls", cluster)

    def commands(self, cluster):
        """Programs it has run there. (The bed counts the shells that sshd started: each takes many of them.)"""
        return self.counter("commands", cluster)

    def within_two_polls(self, cluster, is_so, what, timeout=180):
        """What is_so() gives once it is true: after two whole polls at the latest, beside one that had begun before."""
        first, end = self.polls(cluster), time.monotonic() + timeout
        while True:
            seen = self.polls(cluster)
            found = is_so()
            if found:
                return found
            if seen > first + 2 or time.monotonic() > end:
                raise GatewayFailed(f"{what}: not within two polls ({seen - first} were seen whole)")
            time.sleep(0.1)

    def log(self, job_id, query=""):
        answer = self.get(f"/jobs/{job_id}/log{query}")
        assert answer.status == 200, answer
        return answer.text

    def wait_log(self, job_id, words):
        """Until these words are in the log, which may not be there yet."""
        return until(lambda: words in self.get(f"/jobs/{job_id}/log").text, f"the log says {words!r}")

    # The command line.

    def cli(self, *words, check=False, timeout=90, **more):
        env = {**clean_environment(), "SLUICE_URL": self.url, "HOME": str(self.dir), **more.pop("env", {})}
        done = subprocess.run([binary(), *map(str, words)], env=env, capture_output=True, text=True, timeout=timeout,
                              errors="replace", check=False, **more)
        if check:
            assert done.returncode == 0, f"sluice {' '.join(map(str, words))}: {done.returncode}: {done.stderr}"
        return done

    # Its end.

    def log_text(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def excuse_last_life(self):
        """What a sanitizer said of it is no fault of ours; of those before it said nothing."""
        assert not SANITIZER.search(self.log_text()[:self.log_offset], self.excused)
        self.excused = len(self.log_text())

    def log_tail(self, lines=30):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def leftovers(self):
        """Processes that work below our folder: supervisors and local jobs that outlived the daemon."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                    state = stat.read().rpartition(")")[2].split()[0]
                with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="replace") as words:
                    line = words.read()
                where = os.readlink(f"/proc/{name}/cwd")
            except OSError:
                continue
            ours = str(self.dir)
            if state != "Z" and int(name) != os.getpid() and (where.startswith(ours) or ours in line):
                found.append(int(name))
        return found

    def close(self):
        """Ends the daemon and whatever it left running; tells what sanitizers had to say."""
        was_running = self.is_running
        try:
            code = self.stop()
        finally:
            for _ in range(3):
                for pid in self.leftovers():
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        continue
        found = SANITIZER.search(self.log_text(), self.excused)
        if was_running and code != 0 and not found:
            raise GatewayFailed(f"SIGTERM ended it with {code}, not 0:\n{self.log_tail()}")
        if found:
            text = self.log_text()
            raise GatewayFailed(f"in the gateway's log:\n{text[max(0, found.start() - 500):found.start() + 4000]}")

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)
