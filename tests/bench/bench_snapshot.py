"""The code's way to the cluster: 2,000 files of 50 MB hashed (until the job is accepted), sent beside `tar | ssh` over a warm
master, and sent again unchanged. The cluster has a second entry behind a counting link: its work would be timed with ours, so
nothing is timed there."""
import os
import random
import subprocess
import time

from figures import at_least, at_most, bed, folder, gateway, median, timed
from support.project import git, make_project
from support.proxy import UP, Proxy

FILES, FILE_BYTES, ROUNDS = 2000, 25_000, 5
CONFIG = {"command": ["true"], "code": {"max_size": "200M"}}


def make_tree(path):
    dice = random.Random(1)
    files = {f"pkg{n % 40}/module{n}.bin": dice.randbytes(FILE_BYTES) for n in range(FILES)}
    return make_project(path, CONFIG, files)


class Gate:
    """The gateway, and submissions of the project."""

    def __init__(self, gw, project):
        self.gw, self.name = gw, gw.register(project)["name"]

    def submit(self, cluster="alder"):
        """(seconds until accepted, seconds from then until Slurm has it)"""
        accepted, job = timed(self.gw.submit, project=self.name, cluster=cluster, slurm={"extra": {"hold": True}})
        start = time.perf_counter()
        done = self.gw.get(f"/jobs/{job['id']}?wait=submitted&timeout=100s", timeout=110).json
        assert done["slurm"]["job_id"], done
        return accepted, time.perf_counter() - start


class TarSsh:
    """`tar c | ssh tar x` through a master that stands already."""

    def __init__(self, on, project, place):
        user = on.user()
        self.project, self.socket = project, str(place / "master")
        self.to = f"{user['home']}/tar-ssh"
        self.ssh = ["ssh", "-F", "/dev/null", "-S", self.socket, "-i", on.env["keys"]["ed25519"], "-p", str(on.env["ssh_port"]),
                    "-o", f"UserKnownHostsFile={on.env['known_hosts']}", "-o", "BatchMode=yes", f"{user['name']}@{on.env['host']}"]
        subprocess.run([*self.ssh[:1], "-M", "-f", "-N", *self.ssh[1:]], check=True, stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def send(self):
        """Seconds of one transfer, the folder's removal not among them."""
        took, _ = timed(self._send)
        subprocess.run([*self.ssh, f"rm -rf {self.to}"], check=True)
        return took

    def _send(self):
        names = subprocess.run(["git", "-C", self.project, "ls-files", "-z"], capture_output=True, check=True).stdout
        remote = f"mkdir {self.to} && exec tar -x -f - -C {self.to}"
        with subprocess.Popen(["tar", "-c", "-f", "-", "-C", self.project, "--null", "--verbatim-files-from", "-T", "-"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tar, \
                subprocess.Popen([*self.ssh, remote], stdin=tar.stdout) as ssh:
            tar.stdin.write(names)
            tar.stdin.close()
            tar.stdout.close()
            assert ssh.wait() == 0

    def end(self):
        subprocess.run([*self.ssh, "-O", "exit"], check=False, stderr=subprocess.DEVNULL)


def change(project, number):
    """One file is another now: the whole tree has another name."""
    (project / "pkg0" / "module0.bin").write_bytes(os.urandom(FILE_BYTES))
    git(project, "commit", "-q", "-a", "-m", f"change {number}")


def compare(gate, rival, project, link):
    hashed, launched, passed, sent, theirs = [], [], [], [], []
    gate.submit()
    for number in range(ROUNDS):
        warm, launch = gate.submit()
        hashed.append(warm)
        launched.append(launch)
        before = link.passed[UP]
        gate.submit("counted")
        passed.append(link.passed[UP] - before)
        change(project, number)
        sent.append(gate.submit()[1])
        theirs.append(rival.send())
    ours = median(sent) - median(launched)
    print(f"accepted in {median(hashed):.3f} s (least {min(hashed):.3f}); sent in {ours:.2f} s beyond a launch of "
          f"{median(launched):.3f} s, tar | ssh in {median(theirs):.2f} s")
    at_most("2,000 files, 50 MB: hashed, warm", median(hashed), 0.3, "s")
    at_least("2,000 files, 50 MB: rate, ours / tar | ssh", median(theirs) / ours, 0.8, "x")
    at_most("unchanged tree: sent beyond the launch's program", max(0, max(passed) - 32_768), 0, "bytes")


def main():
    with folder() as place, bed() as on:
        link = Proxy(on.env["ssh_port"])
        known = on.known_hosts_for(link.port, place / "known_hosts")
        project = make_tree(place / "project")
        calm = {"active": 60, "pending": 60}
        clusters = [on.cluster(poll=calm), on.cluster("counted", port=link.port, ssh={"known_hosts": known}, poll=calm)]
        with gateway(place / "gw", clusters=clusters) as gw:
            rival = TarSsh(on, project, place)
            try:
                compare(Gate(gw, project), rival, project, link)
            finally:
                rival.end()
                link.close()


if __name__ == "__main__":
    main()
