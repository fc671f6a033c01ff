"""A bed (tests/cluster/bed) in a test's hands."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = str(ROOT / "tests" / "cluster" / "bed")


class BedFailed(Exception):
    """The bed's own words."""


def bed_command(*words, timeout=300):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=timeout,
                          errors="replace", check=False)
    if done.returncode != 0:
        raise BedFailed(f"bed {' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


class Bed:
    """One bed. `env` is what `bed env` says; read it again with refresh()."""

    def __init__(self, folder):
        self.dir = str(folder)
        self.refresh()

    @classmethod
    def up(cls, *options, folder=None, template=None):
        """A new bed; --with-pid ends it even when this process is killed."""
        folder = folder or tempfile.mkdtemp(prefix="sluice-bed-", dir="/tmp")
        words = ["up", "--dir", folder, "--quiet", "--with-pid", os.getpid(), *options]
        if template:
            words += ["--template", template]
        try:
            bed_command(*words)
        except BedFailed:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return cls(folder)

    def down(self):
        bed_command("down", "--dir", self.dir)
        shutil.rmtree(self.dir, ignore_errors=True)

    def refresh(self):
        self.env = json.loads(bed_command("env", "--dir", self.dir))
        return self.env

    def do(self, verb, daemon=None):
        """A drill: do("stop", "ctld"), do("cont", "ctld"), do("kill", "sshd"), do("drop")."""
        bed_command(verb, "--dir", self.dir, *([daemon] if daemon else []))

    def count(self, since=0):
        """Logins and commands in sshd's log from byte `since` on; see `offset` in the answer."""
        return json.loads(bed_command("count", "--dir", self.dir, "--since", since))

    def user(self, short="ml"):
        return self.env["users"][short]

    def ssh(self, command, user="ml", key="ed25519", stdin=None, timeout=30):
        """Runs a command line through the bed's sshd and the user's login shell, by OpenSSH's client."""
        return subprocess.run([PROGRAM, "ssh", "--dir", self.dir, "--user", user, "--key", key, command],
                              input=stdin if stdin is not None else "", capture_output=True, text=True,
                              timeout=timeout, errors="replace", check=False)

    def slurm(self, *argv, check=True, timeout=30):
        """A Slurm command as root, beside all SSH; returns what it printed."""
        env = {**os.environ, "SLURM_CONF": self.env["slurm_conf"], "LC_ALL": "C"}
        done = subprocess.run(list(map(str, argv)), env=env, capture_output=True, text=True, timeout=timeout,
                              errors="replace", check=False)
        if check and done.returncode != 0:
            raise BedFailed(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def cluster(self, name="alder", user="ml", key="ed25519", **entry):
        """This bed as an entry of clusters.yaml. Further keys replace these; `ssh` and `poll` are merged."""
        who = self.user(user)
        made = {
            "name": name, "type": "slurm", "host": f"{who['name']}@{self.env['host']}", "port": self.env["ssh_port"],
            "ssh_key_path": self.env["keys"][key], "workspace": who["workspace"],
            "ssh": {"known_hosts": self.env["known_hosts"], "max_logins_per_hour": 1000},
            "poll": {"active": 1, "pending": 1, "gpu": 5, "log": 1, "max_commands_per_minute": 600},
        }
        for section in ("ssh", "poll"):
            made[section] = {**made[section], **entry.pop(section, {})}
        return {**made, **entry}

    def controller_state(self, copy):
        """Keeps what slurmctld knows at this moment; forget() brings it back."""
        self.do("term", "ctld")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(pathlib.Path(self.dir, "state", "ctld"), copy)
        self.do("start", "ctld")

    def forget(self, copy):
        """The controller dies at once and comes back with what it knew then: jobs since then never were, and their
        numbers are given away again."""
        self.do("kill", "ctld")
        shutil.rmtree(pathlib.Path(self.dir, "state", "ctld"))
        shutil.copytree(copy, pathlib.Path(self.dir, "state", "ctld"))
        self.do("start", "ctld")

    def known_hosts_for(self, port, path):
        """The bed's host keys under another port (a proxy's), written to path."""
        with open(self.env["known_hosts"], encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("[127.0.0.1]")]
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line.replace(f"]:{self.env['ssh_port']} ", f"]:{port} ") for line in lines)
        return str(path)


class SbatchFaults:
    """A bin_dir on the cluster whose sbatch loses its reply on demand (tests/cluster/sbatch-fault.sh)."""

    def __init__(self, bed, user="ml"):
        who = bed.user(user)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bin-", dir=who["home"]))
        self.folder.chmod(0o755)
        for name in ("squeue", "sacct", "scancel", "scontrol", "sinfo", "sacctmgr", "srun"):
            (self.folder / name).symlink_to(f"/usr/bin/{name}")
        shutil.copy(ROOT / "tests" / "cluster" / "sbatch-fault.sh", self.folder / "sbatch")
        shutil.chown(self.folder, who["uid"], who["gid"])

    def set(self, mode, count=1):
        """The next `count` submissions meet this fault."""
        (self.folder / "fault").write_text(f"{mode} {count}\n", encoding="utf-8")
        shutil.chown(self.folder / "fault", self.folder.owner(), self.folder.group())

    def met(self):
        """The faults that were met so far."""
        done = self.folder / "fault.done"
        return done.read_text(encoding="utf-8").split() if done.exists() else []

    def accepted(self):
        """Mode gate: sbatch has its id and keeps it to itself until open()."""
        return (self.folder / "accepted").exists()

    def open(self):
        (self.folder / "go").touch()

    def replace(self, command, script):
        """Another program in place of one of Slurm's."""
        (self.folder / command).unlink()
        (self.folder / command).write_text(script, encoding="utf-8")
        (self.folder / command).chmod(0o755)
