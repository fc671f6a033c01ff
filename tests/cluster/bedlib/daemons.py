"""The daemons of a bed: how each is started, and how one knows that it answers."""
import os
import signal

from . import procs, ssh
from .base import BedError, can_connect, run
from .slurmconf import NODES, node_name

SBIN = "/usr/sbin:/usr/local/sbin:/sbin:/usr/bin:/bin"


def slurm_env(layout):
    """The environment of all daemons and admin commands. A shell without SLURM_CONF would talk to whatever /etc/slurm
    names."""
    env = {"PATH": SBIN, "SLURM_CONF": layout.slurm_conf, "MYSQL_UNIX_PORT": layout.db_socket, "LC_ALL": "C",
           "HOME": "/root"}
    if "TZ" in os.environ:
        env["TZ"] = os.environ["TZ"]
    return env


class Daemons:
    """Starts, stops and signals them; each is remembered by name in Memory."""

    def __init__(self, layout, memory):
        self.layout = layout
        self.memory = memory
        self.env = slurm_env(layout)

    # What there is.

    def names(self):
        return ["munge", "db", "dbd", "ctld", *(f"slurmd:{short}" for short in NODES), "sshd"]

    def expand(self, word):
        """A name, `slurmd` (all of them) or `all`."""
        chosen = [name for name in self.names() if word in ("all", name, name.partition(":")[0])]
        if not chosen:
            raise BedError(f"no daemon '{word}'; there are: {' '.join(self.names())}, slurmd, all")
        return chosen

    def entry(self, name):
        return self.memory.data["pids"].get(name)

    def alive(self, name):
        return procs.is_alive(self.entry(name))

    # Starting.

    def start(self, name, wait=True):
        if self.alive(name):
            return
        kind, _, node = name.partition(":")
        argv = getattr(self, f"_argv_{kind}")(node)
        entry = procs.spawn(argv, self._log(name), self.env)
        self.memory.data["pids"][name] = entry
        self.memory.save()
        if wait:
            self.wait(name)

    def wait(self, name):
        kind, _, node = name.partition(":")
        procs.wait_ready(name, self.entry(name), lambda: getattr(self, f"_ready_{kind}")(node))

    def _log(self, name):
        return self.layout.path("log", name.replace(":", ".") + (".log" if name == "sshd" else ".out"))

    def _argv_munge(self, _):
        key = self.layout.path("secret", "munge.key")
        if not os.path.exists(key):
            with open(key, "wb") as file:
                file.write(os.urandom(128))
            os.chmod(key, 0o600)
        if os.path.exists(self.layout.munge_socket):
            os.unlink(self.layout.munge_socket)
        return ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.layout.munge_socket}",
                f"--pid-file={self.layout.path('run', 'munged.pid')}",
                f"--log-file={self.layout.path('log', 'munged.log')}",
                f"--seed-file={self.layout.path('secret', 'munge.seed')}", "--num-threads=4"]

    def _ready_munge(self, _):
        return run(["munge", "-n", "-S", self.layout.munge_socket], check=False).returncode == 0

    def _argv_db(self, _):
        return ["mariadbd", "--no-defaults", "--user=root", f"--datadir={self.layout.path('db', 'data')}",
                f"--tmpdir={self.layout.db_tmp}", f"--socket={self.layout.db_socket}", "--skip-networking",
                "--skip-grant-tables", f"--pid-file={self.layout.path('run', 'mariadbd.pid')}", "--innodb-buffer-pool-size=64M",
                "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=0",
                "--innodb-flush-method=nosync", "--sync-frm=0", "--skip-log-bin", "--performance-schema=OFF",
                "--innodb-lock-wait-timeout=900"]

    def _ready_db(self, _):
        return run(["mariadb", "--no-defaults", f"--socket={self.layout.db_socket}", "-e", "select 1"],
                   check=False).returncode == 0

    def _argv_dbd(self, _):
        return ["slurmdbd", "-D"]

    def _ready_dbd(self, _):
        return can_connect(self.memory.data["ports"]["dbd"])

    def _argv_ctld(self, _):
        return ["slurmctld", "-D", "-f", self.layout.slurm_conf]

    def _ready_ctld(self, _):
        return can_connect(self.memory.data["ports"]["ctld"]) and \
            run(["scontrol", "ping"], env=self.env, check=False).returncode == 0

    def _argv_slurmd(self, node):
        return ["slurmd", "-D", "-f", self.layout.slurm_conf, "-N", node_name(self.memory.data["name"], node)]

    def _ready_slurmd(self, node):
        return can_connect(self.memory.data["ports"]["slurmd"][node])

    def _argv_sshd(self, _):
        return [ssh.program(), "-D", "-e", "-f", self.layout.path("etc", "sshd_config")]

    def _ready_sshd(self, _):
        return can_connect(self.memory.data["ports"]["sshd"])

    # Ending and signalling.

    def send(self, name, number):
        if not self.alive(name):
            raise BedError(f"{name} does not run")
        procs.send(self.entry(name), number)

    def end(self, name, number=signal.SIGTERM):
        procs.end(self.entry(name), number)

    def connections(self):
        """Processes of sshd's connections, its own children and those a dead sshd left behind."""
        entry = self.entry("sshd")
        own = procs.descendants_of(entry["pid"]) if procs.is_alive(entry) else []
        known = {each["pid"] for each in own}
        left = [each for each in procs.strays(self.layout.top, set())
                if procs.program(each["pid"]) == "sshd" and each["pid"] not in known | {entry["pid"]}]
        return [each for each in own + left if procs.program(each["pid"]) == "sshd"]
