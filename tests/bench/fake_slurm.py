"""Stand-ins for Slurm's commands on the bed's sshd, where a bench needs more jobs or clusters than a real Slurm holds here."""
import os
import pathlib
import shutil
import sqlite3
import subprocess

COMMANDS = ("squeue", "sacct", "scontrol", "sinfo", "sbatch", "scancel", "sacctmgr")

# The rows of one cluster's jobs under the nonce that the format begins with. Each command notes its call.
SQUEUE = """\
#!/bin/sh
here=${0%/*}
echo squeue >>"$here/calls"
for word; do case $word in *"$(printf '\\037')"*) nonce=${word%%"$(printf '\\037')"*};; esac; done
exec sed "s/@/$nonce/g" "$here/rows"
"""
OTHER = "#!/bin/sh\necho ${0##*/} >>${0%/*}/calls\n"
ROW = ("@\037{id}\037{id}\037RUNNING\037ada\037gpu\037ml\037normal\037gpu-a100-017\0371\0378\0371795186400\0371795186490\037N/A\037"
       "4294901757\0372-00:00:00\037@=gres:gpu:a100:4@=(null)@=None@=train@={token}@={run}@={run}/script.sh@.\n")


def active_jobs(state_dir):
    """{cluster: the rows that squeue would show of its jobs}, of a state directory that fill_jobs made."""
    rows = {}
    with sqlite3.connect(os.path.join(state_dir, "sluice.db")) as db:
        for cluster, number, token, run in db.execute("SELECT cluster, sched_id, token, run_dir FROM job WHERE state = 'running'"):
            rows.setdefault(cluster, []).append(ROW.format(id=number, token=token, run=run))
    return rows


class FakeSlurms:
    """The clusters c0, c1 ..., each with its folder of commands; all their jobs run."""

    def __init__(self, on, state_dir, count):
        self.bed = on
        self.folder = os.path.join(on.user()["home"], "fakes")
        rows = active_jobs(state_dir)
        for n in range(count):
            self.add(f"c{n}", rows.get(f"c{n}", []))
        give_to_user(on, self.folder)

    def add(self, name, rows):
        home = os.path.join(self.folder, name)
        os.makedirs(home)
        for command in COMMANDS:
            write_program(os.path.join(home, command), SQUEUE if command == "squeue" else OTHER)
        with open(os.path.join(home, "rows"), "w", encoding="utf-8") as file:
            file.writelines(rows)

    def cluster(self, name, **more):
        return self.bed.cluster(name, slurm={"bin_dir": os.path.join(self.folder, name)}, **more)

    def calls(self, name):
        """The commands that were called on this cluster so far, in their order."""
        file = pathlib.Path(self.folder, name, "calls")
        return file.read_text(encoding="ascii").split() if file.exists() else []

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def write_program(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)


def give_to_user(on, folder):
    user = on.user()
    subprocess.run(["chown", "-R", f"{user['uid']}:{user['gid']}", folder], check=True)
