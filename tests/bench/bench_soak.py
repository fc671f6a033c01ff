"""Thousands of jobs through submission, polls and their end, against a stand-in for Slurm behind a real sshd: what must not grow is
looked at on the way (memory, descriptors, the write-ahead log). `make soak [JOBS=10000]`; among the benches a short one."""
import os
import sqlite3
import time

from fake_slurm import OTHER, give_to_user, write_program
from figures import at_least, at_most, bed, cpu_s, folder, gateway, rss_kb
from support.gateway import until
from support.project import make_project

JOBS = int(os.environ.get("JOBS", "2000"))
SLACK, LOOKS = 32, 10
PROJECT = {"command": ["true"], "code": {"mode": "in_place"}}

# A job waits 2 s, runs 3 s, stands 20 s in the queue as ended, and is gone; its exit file is written beside.
SBATCH = """\
#!/bin/sh
for script; do :; done
here=${0%/*} run=${script%/*}
exec 9>"$here/lock"
flock 9
read -r id <"$here/id"
echo $((id + 1)) >"$here/id"
now=$(date +%s)
echo "$id ${run##*/} $run $now" >>"$here/jobs"
echo "code=0 started=$((now + 2)) ended=$((now + 5)) attempt=1 how=exited" >"$run/exit"
echo "$id"
"""
SQUEUE = """\
#!/bin/sh
here=${0%/*}
for word; do case $word in *"$(printf '\\037')"*) nonce=${word%%"$(printf '\\037')"*};; esac; done
tail -n 4000 "$here/jobs" | awk -v now="$(date +%s)" -v n="$nonce" -v c="$(printf '\\037')" '
now - $4 < 25 {
    age = now - $4
    state = age < 2 ? "PENDING" : age < 5 ? "RUNNING" : "COMPLETED"
    node = age < 2 ? "" : "a1"
    printf "%s%s%s%s%s%s%s%sml%sgpu%sml%snormal%s%s%s1%s1%s%s%s%s%s%s%s1%s1:00:00%s", \
        n, c, $1, c, $1, c, state, c, c, c, c, c, node, c, c, c, $4, c, $4 + 2, c, $4 + 5, c, c, c
    printf "%s=N/A%s=(null)%s=None%s=soak%s=%s%s=%s%s=%s/script.sh%s.\\n", n, n, n, n, n, $2, n, $3, n, $3, n
}'
"""


def fake(on):
    """The cluster's entry."""
    home = os.path.join(on.user()["home"], "soak")
    os.makedirs(home)
    for command in ("sacct", "scontrol", "sinfo", "scancel", "sacctmgr"):
        write_program(os.path.join(home, command), OTHER)
    write_program(os.path.join(home, "sbatch"), SBATCH)
    write_program(os.path.join(home, "squeue"), SQUEUE)
    for name, text in (("id", "1\n"), ("jobs", "")):
        with open(os.path.join(home, name), "w", encoding="ascii") as file:
            file.write(text)
    give_to_user(on, home)
    return on.cluster(slurm={"bin_dir": home}, poll={"active": 1, "pending": 1, "sacct": "never"})


class Watch:
    """Memory, descriptors and log size, looked at each time another tenth of the jobs is over."""

    def __init__(self, gw):
        self.gw, self.seen = gw, []

    def look(self, done):
        wal = self.gw.state_dir / "sluice.db-wal"
        self.seen.append((done, rss_kb(self.gw.pid) / 1024, len(os.listdir(f"/proc/{self.gw.pid}/fd")), wal.stat().st_size / 2**20))
        print("%6d jobs over: %.1f MB, %d descriptors, write-ahead log %.1f MB" % self.seen[-1], flush=True)

    def grown(self, column):
        """From the third look on, when all caches are warm."""
        return self.seen[-1][column] - self.seen[2][column]


def count_over(gw):
    with sqlite3.connect(f"file:{gw.state_dir}/sluice.db?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM job WHERE state = 'completed'").fetchone()[0]


def soak(gw, project):
    watch, sent = Watch(gw), 0
    body = {"project": project, "cluster": "alder"}
    for look in range(1, LOOKS + 1):
        wanted = JOBS * look // LOOKS
        while sent < wanted:
            sent += 1
            answer = gw.post("/jobs", body)
            assert answer.status == 202, answer
        until(lambda: count_over(gw) >= wanted - SLACK, f"{wanted} jobs over", 900)
        watch.look(wanted)
    until(lambda: count_over(gw) == JOBS, "all jobs over", 300)
    return watch


def main():
    with folder() as place, bed() as on:
        with gateway(place / "gw", clusters=[fake(on)]) as gw:
            name = gw.register(make_project(place / "project", PROJECT))["name"]
            gw.contract = Unchecked()
            begin = time.monotonic()
            watch = soak(gw, name)
            took, spent = time.monotonic() - begin, cpu_s(gw.pid)
            print(f"{JOBS} jobs in {took:.0f} s, {1000 * spent / JOBS:.2f} ms of a processor each")
            at_least("soak: jobs that ended as they should", 100 * count_over(gw) / JOBS, 100, "%")
            at_most("soak: memory grown", watch.grown(1), 2, "MB")
            at_most("soak: descriptors grown", watch.grown(2), 4)
            at_most("soak: write-ahead log", max(look[3] for look in watch.seen), 16, "MB")


class Unchecked:
    """Thousands of answers need not be held against the schema."""

    def check(self, *_):
        pass


if __name__ == "__main__":
    main()
