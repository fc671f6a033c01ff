"""Where a bed keeps its things, what it remembers, and the few helpers everything else uses."""
import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
import socket
import subprocess
import time

NAME = re.compile(r"^[a-z][a-z0-9]{0,11}$")
PORTS_NEEDED = 24
SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes, and slurmd adds the node's name and a job id to its own
LOCK_FILE = "/run/lock/sluice-bed.lock"  # one for the machine: /etc/passwd and the choice of ports are shared


class BedError(Exception):
    """What the person reads when a bed cannot do what was asked."""


class Layout:
    """The folders of one bed."""

    def __init__(self, folder):
        self.top = os.path.realpath(folder)
        for part in ("etc", "run", "log", "state", "spool", "dev", "keys", "home", "db", "secret"):
            setattr(self, part, os.path.join(self.top, part))
        self.slurm_conf = self.path("etc", "slurm.conf")
        self.state_file = self.path("bed.json")
        self.munge_socket = self.path("run", "munge.sock")
        self.db_socket = self.path("db", "sock")
        self.db_tmp = self.path("db", "tmp")  # never /tmp: a mariadbd that starts removes every #sql* file there
        self.sshd_log = self.path("log", "sshd.log")
        self.known_hosts = self.path("keys", "known_hosts")

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def make(self):
        """Makes the folders; ordinary users must reach conf, socket and homes, nobody the secrets."""
        made_top = not os.path.isdir(self.top)
        os.makedirs(self.top, exist_ok=True)
        os.chmod(self.top, 0o755)
        self._check_reachable()
        for part in (self.etc, self.run, self.log, self.state, self.spool, self.dev, self.home, self.keys):
            os.makedirs(part, exist_ok=True)
            os.chmod(part, 0o755)
        for part in (self.db, self.db_tmp, self.secret):
            os.makedirs(part, exist_ok=True)
            os.chmod(part, 0o700)
        return made_top

    def _check_reachable(self):
        if len(self.path("spool", "n" * 14)) > SOCKET_PATH_MAX - 25:
            raise BedError(f"{self.top}: too long for Slurm's sockets; choose a shorter --dir")
        folder = self.top
        while folder != "/":
            folder = os.path.dirname(folder)
            if not os.stat(folder).st_mode & 0o001:
                raise BedError(f"{folder} is closed to ordinary users, who must reach {self.top}; choose another --dir")


class Memory:
    """What the bed remembers between two commands (bed.json): parameters, ports, users, processes."""

    def __init__(self, layout):
        self.layout = layout
        self.data = {}

    @property
    def exists(self):
        return os.path.exists(self.layout.state_file)

    def load(self):
        try:
            with open(self.layout.state_file, encoding="utf-8") as file:
                self.data = json.load(file)
        except FileNotFoundError:
            raise BedError(f"no bed in {self.layout.top} (no bed.json there)") from None
        return self

    def save(self):
        temporary = self.layout.state_file + ".tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1, sort_keys=True)
        os.replace(temporary, self.layout.state_file)


@contextlib.contextmanager
def machine_lock():
    """Held while something that all beds of this machine share is changed."""
    with open(LOCK_FILE, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(argv, env=None, check=True, timeout=120, stdin=None):
    """Runs a command to its end; a failure becomes a BedError with what it printed."""
    try:
        done = subprocess.run(argv, env=env, input=stdin, capture_output=True, text=True, timeout=timeout,
                              errors="replace", check=False)
    except FileNotFoundError:
        raise BedError(f"{argv[0]} is not installed; run scripts/setup") from None
    except subprocess.TimeoutExpired:
        raise BedError(f"{' '.join(argv)}: no end within {timeout} s") from None
    if check and done.returncode != 0:
        raise BedError(f"{' '.join(argv)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done


def wait_for(what, is_so, timeout=60, step=0.03):
    """Waits until is_so() is true; it may raise BedError to give up at once."""
    end = time.monotonic() + timeout
    while not is_so():
        if time.monotonic() > end:
            raise BedError(f"{what}: not so after {timeout} s")
        time.sleep(step)


@contextlib.contextmanager
def timed(timings, what):
    """Adds the seconds that `what` took to timings."""
    began = time.monotonic()
    try:
        yield
    finally:
        timings[what] = round(time.monotonic() - began, 3)


def can_connect(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def tail(path, lines=15):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except OSError as error:
        return f"({error})\n"


def default_name(folder):
    """A short name that differs between folders, so that two beds never share users or nodes."""
    digest = hashlib.sha256(os.path.realpath(folder).encode()).digest()
    return "bed" + "".join(chr(ord("a") + byte % 26) for byte in digest[:4])


def ports_free(base):
    for port in range(base, base + PORTS_NEEDED):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def choose_ports(wanted):
    """The first of PORTS_NEEDED ports, below the range that passing client sockets take theirs from."""
    if wanted:
        if not ports_free(wanted):
            raise BedError(f"a port of {wanted}..{wanted + PORTS_NEEDED - 1} is taken; choose another --port-base")
        return wanted
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        ceiling = int(file.read().split()[0])
    floor = 10000 if ceiling > 12000 else 1100
    for _ in range(200):
        base = random.randrange(floor, ceiling - PORTS_NEEDED, PORTS_NEEDED)
        if ports_free(base):
            return base
    raise BedError("found no free ports")
