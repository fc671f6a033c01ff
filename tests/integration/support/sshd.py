"""A further sshd before the same bed, with other host keys or algorithms, and an ssh-agent."""
import os
import pathlib
import socket
import subprocess
import time

from .gateway import free_port


def wait_until(is_so, what, timeout=30):
    end = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < end, f"{what}: not within {timeout} s"
        time.sleep(0.02)


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def children_of(parent):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                if int(stat.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(name))
        except OSError:
            continue
    return found


class OtherSshd:
    """sshd with the bed's users and its own port, host keys, options and log."""

    def __init__(self, bed, folder, host_keys=("ed25519",), **options):
        self.bed = bed
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        self.known_hosts = self.folder / "known_hosts"
        self.log = self.folder / "sshd.log"
        self.process = None
        self._write_config(host_keys, options)
        self.start()

    def _write_config(self, host_keys, options):
        given = pathlib.Path(self.bed.dir, "etc", "sshd_config").read_text(encoding="utf-8").splitlines()
        own = {"port", "pidfile", "hostkey", *(name.lower() for name in options)}
        lines = [line for line in given if line.split()[0].lower() not in own]
        lines += [f"Port {self.port}", f"PidFile {self.folder / 'pid'}"]
        lines += [f"{name} {value}" for name, value in options.items()]
        known = []
        for kind in host_keys:
            key = self.new_host_key(kind)
            lines.append(f"HostKey {key}")
            known.append(self.known_line(kind))
        (self.folder / "sshd_config").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.known_hosts.write_text("".join(known), encoding="utf-8")

    def new_host_key(self, kind):
        """Makes a host key (a new one on each call: after a restart the host's key has changed)."""
        key = self.folder / f"host_{kind}"
        for old in (key, key.with_name(key.name + ".pub")):
            old.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(key)], check=True)
        return key

    def known_line(self, kind):
        word, key = (self.folder / f"host_{kind}.pub").read_text(encoding="utf-8").split()[:2]
        return f"[127.0.0.1]:{self.port} {word} {key}\n"

    def fingerprint(self, kind):
        done = subprocess.run(["ssh-keygen", "-l", "-f", str(self.folder / f"host_{kind}.pub")], check=True,
                              capture_output=True, text=True)
        return done.stdout.split()[1]

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(self.folder / "sshd_config")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is not None or answers(self.port), "sshd")
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")

    def stop(self):
        """Ends it with all its connections."""
        children = children_of(self.process.pid)
        # Each has one that holds the socket, and that can do without its parent as long as no session is opened.
        children += [each for child in children for each in children_of(child)]
        self.process.terminate()
        self.process.wait(10)
        for pid in children:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue

    def cluster(self, name="alder", **entry):
        """The bed by way of this sshd, as an entry of clusters.yaml."""
        ssh = {"known_hosts": str(self.known_hosts), **entry.pop("ssh", {})}
        return self.bed.cluster(name, port=self.port, ssh=ssh, **entry)


class Agent:
    """An ssh-agent that holds keys of the bed; `socket` goes into SSH_AUTH_SOCK."""

    def __init__(self, bed, folder, keys=("ed25519",)):
        self.socket = str(pathlib.Path(folder) / "agent")
        self.process = subprocess.Popen(["ssh-agent", "-D", "-a", self.socket], stdout=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(self.socket), "ssh-agent")
        for key in keys:
            subprocess.run(["ssh-add", "-q", bed.env["keys"][key]], check=True, stdin=subprocess.DEVNULL,
                           env={**os.environ, "SSH_AUTH_SOCK": self.socket})

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
